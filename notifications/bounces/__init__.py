"""What comes back: where it comes back to, what it says, when it is enough, and the way out."""
