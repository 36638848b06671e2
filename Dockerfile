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

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=jol.settings
RUN useradd --system --uid 10001 --home-dir /app portal
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=pages /app/static/build ./static/build
# Settings ask for these; nothing of it stays in the image and no server is asked.
RUN SECRET_KEY=only-for-this-step-and-nothing-of-it-stays-in-the-image DATABASE_URL=postgresql://nobody@/nothing \
    python manage.py collectstatic --noinput \
    && mkdir -p /app/run /var/lib/portal/attachments /var/lib/portal/audit \
    && chown portal /app/run /var/lib/portal/attachments /var/lib/portal/audit
USER portal
EXPOSE 8000
CMD ["gunicorn", "jol.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
