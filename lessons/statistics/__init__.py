"""Studying the whole: counts of what a reader may read, as charts, tables, CSV and JSON.

`counts` asks the database, a few questions whatever the number of lessons; `study` is what one reader looks at;
`kinds`, `over_time`, `risks`, `places` and `pace` make figures of it, with titles that say what they show; `drawing`
holds their geometry; `pages` says which figure is where.
"""
