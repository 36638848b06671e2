"""Taking in lessons from elsewhere: rows become drafts, drafts pass through the same actions as a person's.

`accounts.tables` reads a file into rows and knows nothing of lessons; `column_map` says which cell is which field;
`drafts` turns a row into checked values; `intake` writes them; `report` tells what became of each row.
"""
