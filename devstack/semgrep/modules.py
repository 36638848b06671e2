# -- sql
# ruleid: sql
cursor.execute(f"SELECT {name}")
# ruleid: sql
cursor.execute("SELECT %s" % name)
# ruleid: sql
cursor.execute("SELECT {}".format(name))
# ruleid: sql
cursor.execute("SELECT " + name, [1])
# ruleid: sql
cursor.execute(query)
# ruleid: sql
cursor.executemany(query, rows)
# ruleid: sql
Lesson.objects.raw(query)
# ruleid: sql
Lesson.objects.extra(where)
# ruleid: sql
Lesson.objects.extra(where=[condition])
# ruleid: sql
RawSQL(query, [])
# ruleid: sql
cursor.execute(lesson.query_of_A)
# ruleid: sql
cursor.execute(COUNT + query)
# ruleid: sql
cursor.execute(COUNT.format(name))
# ruleid: sql
cursor.execute(f"SELECT {COUNT}")
# ruleid: sql
cursor.execute(COUNT if x else query)


def put_together(name):
    statement = "SELECT 1 "
    if name:
        statement += f"WHERE x = {name}"
    # ruleid: sql
    cursor.execute(statement)


# ok: sql
cursor.execute("SELECT 1 WHERE x = %s", [name])
# ok: sql
cursor.execute("SELECT 1 " + "WHERE x = %s", [name])
# ok: sql
cursor.execute(
    """
    SELECT 1
    WHERE x = %s
    """,
    [name],
)
# ok: sql
cursor.execute(COUNT_UP, {"key": key})
# ok: sql
cursor.execute(sql.HOLDERS + COUNT)
# ok: sql
cursor.execute(BATCH_OF_ALL if to_all else BATCH_OF_ADDRESSES, parameters)
# ok: sql
cursor.execute("a" if to_all else "b")
# ok: sql
cursor.execute(WAIT + "SELECT")

# -- html
from django.utils import safestring
from django.utils.safestring import mark_safe as trusted

# ruleid: html
mark_safe(lesson.title)
# ruleid: html
safestring.mark_safe(lesson.title)
# ruleid: html
trusted(lesson.title)
# ruleid: html
SafeString("<b>" + title)
# ruleid: html
format_html(f"<b>{title}</b>")
# ruleid: html
format_html("<b>" + title + "</b>")
# ruleid: html
format_html_join("", title, [])
# ok: html
mark_safe("<br>")
# ok: html
mark_safe("<p>" "</p>")
# ok: html
format_html("<b>{}</b>", title)
# ok: html
format_html(CHOICE, link.url)
# ok: html
format_html_join("", "<li>{}</li>", rows)

# -- template
from django.template import Template as Page

# ruleid: template
Template(lesson.title).render(context)
# ruleid: template
Page(lesson.title)
# ruleid: template
template.Template(lesson.title)
# ruleid: template
engines["django"].from_string(text)
# ok: template
loader.get_template("500.html")

# -- random
# ruleid: random
import random
# ruleid: random
import random as chance
# ruleid: random
import secrets, random
# ruleid: random
from random import choice
# ruleid: random
from random import choice as one, sample
# ruleid: random
from random import *
# ok: random
import secrets
# ok: random
from secrets import token_urlsafe

# -- uuid
# ruleid: uuid
token = str(uuid.uuid4())
# ruleid: uuid
key = models.UUIDField(default=uuid.uuid4)
# ruleid: uuid
token = uuid.uuid1().hex
# ruleid: uuid
from uuid import uuid4
# ruleid: uuid
from uuid import UUID, uuid4 as new
# ok: uuid
from uuid import UUID
# ok: uuid
token = secrets.token_urlsafe(32)
# ok: uuid
key = uuid.UUID(text)

# -- append-only
# ruleid: append-only
cursor.execute("UPDATE accounts_auditevent SET role = 1")
# ruleid: append-only
SQL = "delete from lessons_lessonmove where true"
# ruleid: append-only
SQL = 'TRUNCATE TABLE "accounts_auditevent"'
# ruleid: append-only
SQL = f"UPDATE lessons_exportrecord SET {column} = 1"
SQL = """
# ruleid: append-only
DELETE
FROM accounts_auditseal
"""
# ruleid: append-only
AuditEvent.objects.filter(pk=1).update(reason="")
# ruleid: append-only
models.AuditEvent.objects.filter(pk=1).update(reason="")
# ruleid: append-only
LessonMove.objects.all().delete()
# ruleid: append-only
ExportRecord.objects.bulk_update(rows, ["by"])
# ruleid: append-only
with pgtrigger.ignore("x:y"):
    pass
# ok: append-only
Lesson.objects.filter(pk=1).update(title="x")
# ok: append-only
Lesson.objects.filter(moves=LessonMove.objects.all()).update(title="x")
# ok: append-only
SQL = "SELECT * FROM accounts_auditevent"
# ok: append-only
AuditEvent.objects.filter(pk=1).count()

# -- csrf
# ok: csrf
from django.views.decorators.csrf import csrf_exempt
# ok: csrf
from django.views.decorators.csrf import csrf_exempt, csrf_protect
# ruleid: csrf
from django.views.decorators.csrf import csrf_exempt as free


# ruleid: csrf
@csrf_exempt
def view(request):
    pass


# ruleid: csrf
@method_decorator(csrf_exempt, name="dispatch")
class View:
    pass


# ruleid: csrf
path("x", csrf_exempt(view))
# ruleid: csrf
view.csrf_exempt = True


# ok: csrf
@csrf_protect
def view(request):
    pass

# -- outgoing
# ruleid: outgoing
import requests
# ruleid: outgoing
import socket as wire
# ruleid: outgoing
import json, socket
# ruleid: outgoing
import http.client
# ruleid: outgoing
from urllib.request import urlopen
# ruleid: outgoing
from requests.exceptions import Timeout
# ruleid: outgoing
from urllib import request
# ruleid: outgoing
from http import HTTPStatus, client
# ok: outgoing
from http import HTTPStatus
# ok: outgoing
from urllib.parse import urlsplit
# ok: outgoing
import socketserver
# ok: outgoing
from . import requests_of_people
