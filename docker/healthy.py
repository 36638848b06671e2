"""Ask the web server in this container how it is, as the site is called: exit code 0 if it is well.

python docker/healthy.py ready|live
"""

import http.client
import os
import sys

port = os.environ.get("BIND", "0.0.0.0:8000").rpartition(":")[2]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
connection.request("GET", f"/health/{sys.argv[1]}/", headers={"Host": host})
sys.exit(connection.getresponse().status != 200)
