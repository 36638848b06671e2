"""Taking published lessons away in a file: CSV, Excel or NDJSON, streamed, and recorded.

`document` says what a lesson holds, for the API and for files; `writers` turn documents into bytes, `xlsx` those of
a workbook; `download` records what is taken and streams it.
"""
