"""What the portal is made of: parts, their licences, and what is known to be wrong with them."""
