# The image of web, worker and beat alike: docker-compose.yml says which command each runs.

FROM node:22-bookworm-slim AS pages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY build.mjs ./
COPY static ./static
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements/base.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r base.txt

FROM python:3.11-slim-bookworm AS portal
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=jol.settings
RUN useradd --system --uid 10001 --home-dir /app portal
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=pages /app/static/build ./static/build
# Settings ask for these; nothing of it stays in the image and no server is asked.
RUN SECRET_KEY=only-for-this-step-0123456789-abcdefghijklmnopqrstuvwxyz DATABASE_URL=postgresql:///nothing \
    python manage.py collectstatic --noinput \
    && mkdir -p /var/lib/portal/attachments /var/lib/portal/audit \
    && chown -R portal /var/lib/portal
USER portal
EXPOSE 8000
CMD ["gunicorn", "jol.wsgi", "-c", "python:jol.serving"]

# The same with PostgreSQL's programs, to make backups and to bring them back.  It reads attachments and the log, and
# writes the files of a database: portal and PostgreSQL have one number as users, and each its own folders.
FROM portal AS operation
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-15 \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir /backups /archive \
    && chown portal /backups /archive
ENV PG_BIN=/usr/lib/postgresql/15/bin
USER portal
CMD ["python", "manage.py", "backup", "/backups", "--log", "/archive", "--keep", "14"]

# PostgreSQL with a folder for the log that `operation` seals.
FROM postgres:15-bookworm AS database
RUN usermod --uid 10001 postgres \
    && mkdir /archive \
    && chown -R postgres /archive /var/lib/postgresql /var/run/postgresql
USER postgres

# What compose builds where it names no target.
FROM portal
