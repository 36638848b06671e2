"""All settings, read from the environment.  Every variable is a line in .env.example."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from jol.environment import (
    database_from_url,
    env,
    env_flag,
    env_list,
    env_number,
    env_origin,
    oidc_apps,
    origins_of,
    sign_in_providers,
)
from jol.safety import refuse_unsafe

BASE_DIR = Path(__file__).resolve().parent.parent

# -- what this installation is ---------------------------------------------------------------
DEBUG = env_flag("DEBUG", default=False)
DEMO = env_flag("DEMO", default=False)  # says on every page that this is a demonstration
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
SITE_NAME = env("SITE_NAME", "Joint Organisational Learning")
SITE_URL = env("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost")
FILES_URL = env_origin("FILES_URL")  # where attachments are handed out, and nothing else: jol.files_host; empty: here
if FILES_URL:
    ALLOWED_HOSTS.append(urlsplit(FILES_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ALL_NATIONAL = env_flag("ALL_NATIONAL", default=False)  # every item is decided by the Secretariat
PLAIN_CONNECTIONS = env_list("PLAIN_CONNECTIONS")  # what may be spoken to without TLS, see jol.safety

# -- applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "jol",  # its commands
    "notifications",
    "lessons",
    "accounts",
    "govuk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",  # Django's own form templates, for the form renderer
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "guardian",
    "pgtrigger",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "csp",
]
ADMIN_LOOK_UP = env_flag("ADMIN_LOOK_UP", default=False)  # Django's admin, for looking up: see jol.look_up
if ADMIN_LOOK_UP:
    INSTALLED_APPS.append("django.contrib.admin.apps.SimpleAdminConfig")
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "jol.files_host.FilesHostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jol.middleware.RequestIdMiddleware",
    "jol.request_log.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jol.middleware.PrivateByDefaultMiddleware",
    "jol.middleware.KnownMethodsMiddleware",
    "jol.middleware.HeadMiddleware",
    "jol.overload.BusyMiddleware",
    "jol.middleware.DatabaseAwayMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionMiddleware",
    "accounts.middleware.PaceMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "jol.middleware.ButtonAddressMiddleware",
    "jol.middleware.LessonErrorMiddleware",
]
ROOT_URLCONF = "jol.urls"
WSGI_APPLICATION = "jol.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jol.context.site",
            ],
        },
    },
]
FORM_RENDERER = "govuk.renderer.GovukRenderer"

# -- database, cache -----------------------------------------------------------------------------
DATABASES = {
    "default": database_from_url(env("DATABASE_URL"))
    # A new connection plans everything anew: what takes milliseconds once should not every minute.
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "TEST": {"NAME": "test_jol"}},
}
# A server that falls silent is given up; over a socket the last two say nothing.
GIVE_UP = {"connect_timeout": "3", "tcp_user_timeout": "5000", "keepalives_idle": "5"}
DATABASES["default"]["OPTIONS"] = GIVE_UP | dict(DATABASES["default"]["OPTIONS"])  # type: ignore[call-overload]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits live in the cache.  A table, so that pages never depend on Redis and counts outlive a restart.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# -- people ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.SignInBackend",
    "accounts.backends.MembershipBackend",
    "lessons.backends.GrantBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(minutes=60).total_seconds())
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts begin with an invitation, which proves the address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(timedelta(minutes=10).total_seconds())
ACCOUNT_RATE_LIMITS = False  # accounts.rates and accounts.tries count, for pages and API alike
ACCOUNT_SESSION_REMEMBER = False  # the session ends with the browser; how long it lasts is in accounts.sessions
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.reset_links.ResetLinks"  # noqa: S105 - the name of a class
ACCOUNT_FORMS = {
    "reset_password": "accounts.forms.passwords.ResetForm",
    "change_password": "accounts.forms.passwords.ChangeForm",
}
MFA_REQUIRED = env_flag("MFA_REQUIRED", default=not DEMO)  # of those who moderate, administer or read sensitive lessons
MFA_ADAPTER = "accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # recovery codes are our own: only a digest of each is stored
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
MFA_FORMS = {
    "authenticate": "accounts.forms.second_factor.SignInCodeForm",
    "reauthenticate": "accounts.forms.second_factor.AgainCodeForm",
    "add_webauthn": "accounts.forms.second_factor.PasskeyForm",
    "authenticate_webauthn": "accounts.forms.second_factor.SignInPasskeyForm",
    "reauthenticate_webauthn": "accounts.forms.second_factor.AgainPasskeyForm",
}
OIDC_PROVIDERS = sign_in_providers("OIDC_PROVIDERS")  # the sign-in of ResilienceDirect, or of an organisation
SOCIALACCOUNT_ADAPTER = "accounts.oidc.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": oidc_apps(OIDC_PROVIDERS)}}
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address is no proof: accounts are linked by issuer and subject
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = int(timedelta(hours=8).total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of their own
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
GUARDIAN_GROUP_OBJ_PERMS_MODEL = "lessons.LessonGrant"
ANONYMOUS_USER_NAME = None
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # our GrantBackend is guardian's backend, narrowed to lessons
    "auth.W004",  # addresses are unique whatever their case: constraint user_email_is_unique
]

# -- security headers ------------------------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_flag("BEHIND_PROXY", default=False) else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SECURE_PROXY_SSL_HEADER else 0  # whose word counts for where a request is from
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "jol.request_log.csrf_refused"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *origins_of(OIDC_PROVIDERS)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "report-uri": "/csp-report/",
    },
}
# -- attachments: kept where no web server looks, checked before anybody gets them ------------------
ATTACHMENTS_ROOT = Path(env("ATTACHMENTS_ROOT", str(BASE_DIR / "var" / "attachments")))
DISK_ALARM_PERCENT = env_number("DISK_ALARM_PERCENT", default=5)
SCANNER_URL = env("SCANNER_URL", "stub:" if DEMO else "clamd://127.0.0.1:3310")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "lessons.attachments.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# -- backups are sealed with this public key; the secret one is kept elsewhere: manage.py make_backup_key ------
BACKUP_KEY = env("BACKUP_KEY", "")

# -- language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/London"

# -- static files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served as they are, without collectstatic, and so without names that hold a digest.
STATIC_FROM_SOURCE = env_flag("STATIC_FROM_SOURCE", default=DEBUG)
WHITENOISE_USE_FINDERS = STATIC_FROM_SOURCE
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site needs our files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "attachments": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ATTACHMENTS_ROOT, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATIC_FROM_SOURCE
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}

# -- mail: every message becomes a Delivery row; only the worker talks to this server ----------------
EMAIL_BACKEND = "notifications.backend.DeliveryBackend"
EMAIL_URL = env("EMAIL_URL", "smtp://127.0.0.1:8025")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <no-reply@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where mails come back to: `+` and a signed key are put before its @.  By default beside the address of the sender.
BOUNCE_ADDRESS = env("BOUNCE_ADDRESS", "")
if BOUNCE_ADDRESS and not 1 <= BOUNCE_ADDRESS.find("@") <= 26:
    raise ImproperlyConfigured("BOUNCE_ADDRESS must be an address with at most 26 letters before the @.")
MAIL_SENDERS = int(env_number("MAIL_SENDERS", default=2))  # how many may send at a time, in all workers together
MAIL_PER_SECOND = env_number("MAIL_PER_SECOND", default=50)  # of one sender; 0: as fast as the server takes it
MAIL_PER_DOMAIN_MINUTE = int(env_number("MAIL_PER_DOMAIN_MINUTE", default=0))  # to one domain, by all; 0: no limit

# -- Celery ------------------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) if REDIS_URL.startswith("unix:") else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "relay": {"task": "notifications.tasks.relay", "schedule": 1.0, "options": {"expires": 10}},
    "overdue": {"task": "notifications.tasks.overdue", "schedule": 900.0, "options": {"expires": 900}},
    "digest": {"task": "notifications.tasks.digest", "schedule": 300.0, "options": {"expires": 300}},
    "tell-of-use": {
        "task": "notifications.tasks.tell_of_use",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "check-attachments": {
        "task": "lessons.tasks.check_attachments",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "keep-accounts": {"task": "accounts.tasks.keep_accounts", "schedule": 3600.0, "options": {"expires": 3600}},
    "apply-retention": {"task": "accounts.tasks.apply_retention", "schedule": 3600.0, "options": {"expires": 3600}},
    "seal-audit": {"task": "accounts.tasks.seal_audit", "schedule": 3.0, "options": {"expires": 10}},
    "count-words": {"task": "lessons.tasks.count_words", "schedule": 60.0, "options": {"expires": 60}},
    "tell-of-deprecations": {
        "task": "lessons.tasks.tell_of_deprecations",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "count-look-alikes": {"task": "lessons.tasks.count_look_alikes", "schedule": 30.0, "options": {"expires": 30}},
}

# -- the audit trail: its anchors are kept where the owner of the database cannot write -----------------------
AUDIT_ANCHOR_DIR = Path(env("AUDIT_ANCHOR_DIR", str(BASE_DIR / "var" / "audit")))
AUDIT_SIGNING_KEY = env("AUDIT_SIGNING_KEY", "")  # of the anchors; empty: made of SECRET_KEY
AUDIT_FORMER_KEYS = env_list("AUDIT_FORMER_KEYS")  # public keys of anchors that were signed before
AUDIT_MAIL_TO = env("AUDIT_MAIL_TO", "")  # who gets the newest anchor once a day; empty: nobody

# -- figures for Prometheus at /metrics, for whoever sends this token; empty: there is no such page ---------
METRICS_TOKEN = env("METRICS_TOKEN", "")

# -- API -----------------------------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = int(env_number("API_REQUESTS_PER_MINUTE", default=600))  # of one person
PAGE_WRITES_PER_MINUTE = int(env_number("PAGE_WRITES_PER_MINUTE", default=150))  # of one person
DOWNLOADS_AT_ONCE = 2  # of one web process: each takes one of its four threads for as long as its reader likes
EXPORTS_PER_DAY = int(env_number("EXPORTS_PER_DAY", default=100))  # of one person
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - the name of a class
REST_KNOX = {"TOKEN_MODEL": "accounts.ApiToken", "TOKEN_TTL": timedelta(days=365)}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.TokenAuthentication",
        "accounts.api.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["jol.parsing.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "jol.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.Throttle"],
    "EXCEPTION_HANDLER": "jol.api.problem_details",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} API",
    "DESCRIPTION": "Published lessons identified and notable practice, as far as the caller may read them.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # a change needs the version that was read
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "jol.schema.add_problems",
    ],
    "ENUM_NAME_OVERRIDES": {"KindEnum": "lessons.models.Kind", "EventKindEnum": "lessons.models.EventKind"},
}

# -- logs: one line each, no content of items and no addresses ----------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "jol.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # refusals are lines of jol.request_log
        "django.security.csrf": {"level": "CRITICAL"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},  # a line for each tick of the relay
        "celery.beat": {"level": "WARNING"},  # and one when it is asked for
    },
}

refuse_unsafe(globals())
