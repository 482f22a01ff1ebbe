"""All settings. They come from the environment only; README's table documents each."""

import ipaddress
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from eventhub import __version__, environment, secret

BASE_DIR = Path(__file__).resolve().parent.parent

# -- where we listen and how we are reached -------------------------------------------------------
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.integer("PORT", 8000, minimum=0, maximum=65535)
_shown_host = "127.0.0.1" if HOST in {"0.0.0.0", "::"} else HOST  # noqa: S104 - compared, not bound
PUBLIC_URL = environment.text(
    "PUBLIC_URL", f"http://{f'[{_shown_host}]' if ':' in _shown_host else _shown_host}:{PORT}"
).rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(
        "EVENTHUB_PUBLIC_URL: wanted an http or https address such as https://events.example.com, "
        f"found {PUBLIC_URL!r}"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


LISTENS_ON_LOOPBACK = _is_loopback(HOST)
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
ALLOWED_NETWORKS = environment.networks("ALLOWED_NETWORKS")

# -- data ------------------------------------------------------------------------------------------
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var")))
DATABASE_URL = environment.text("DATABASE_URL")
JOURNAL_URL = environment.text("JOURNAL_URL", DATABASE_URL)
REDIS_URL = environment.text("REDIS_URL")

# Opening one takes longer than most of what is asked of it, with SQLite too.
CONN_MAX_AGE_SECONDS = 60


def _database(url: str, file_name: str, options: dict[str, Any]) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / file_name),
            "CONN_MAX_AGE": CONN_MAX_AGE_SECONDS,
            "OPTIONS": options,
            "TEST": {"NAME": str(DATA_DIR / f"test-{file_name}")},
        }
    try:
        parsed = dj_database_url.parse(url, conn_max_age=CONN_MAX_AGE_SECONDS, conn_health_checks=True)
        database: dict[str, Any] = dict(parsed)
    except Exception as error:
        raise ImproperlyConfigured(
            "EVENTHUB_DATABASE_URL / EVENTHUB_JOURNAL_URL: wanted postgresql://user:password@host:port/name, "
            f"found something that does not parse: {error}"
        ) from error
    if database["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "EVENTHUB_DATABASE_URL / EVENTHUB_JOURNAL_URL: wanted postgresql://…; leave it unset for the "
            "embedded SQLite default"
        )
    return database


if bool(DATABASE_URL) != bool(JOURNAL_URL):
    raise ImproperlyConfigured("EVENTHUB_DATABASE_URL and EVENTHUB_JOURNAL_URL: set both, the first, or none")

DATABASES = {
    # A rollback journal: two connections may write here, and only that is free of the WAL-reset bug of
    # SQLite 3.7.0-3.51.2. PERSIST ends a commit by overwriting the journal's head, which is synced, where
    # DELETE removes the file, whose folder is not: a power cut could bring it back. It takes two thirds of
    # the time, too.
    "default": _database(
        DATABASE_URL,
        "eventhub.sqlite3",
        {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=PERSIST; PRAGMA journal_size_limit=1048576; "
            "PRAGMA synchronous=FULL;",
        },
    ),
    # The journal's tables are written by eventhub.journal alone; Django only reads them.
    "journal": _database(JOURNAL_URL, "journal.sqlite3", {"timeout": 10}),
}
JOURNAL_FILE = DATA_DIR / "journal.sqlite3"  # of the embedded journal
if not JOURNAL_URL:
    # Not "query_only": such a connection may still checkpoint, and only the owner's writing one must.
    DATABASES["journal"]["NAME"] = f"file:{quote(str(JOURNAL_FILE))}?mode=ro"
DATABASE_ROUTERS = ["eventhub.journal.routers.JournalRouter"]
EMBEDDED = not JOURNAL_URL
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- secrets and first credentials ------------------------------------------------------------------
SECRET_KEY = secret.secret_key(
    environment.text("SECRET_KEY"),
    DATA_DIR,
    may_create=EMBEDDED and not any(role in sys.argv[1:2] for role in ("web", "worker")),
)
OLD_SECRET_KEY = environment.text("OLD_SECRET_KEY")  # for `manage.py rotate_secrets` alone
BOOTSTRAP_KEY = environment.text("BOOTSTRAP_KEY")
KEY = environment.text("KEY")  # for the commands tail, forward and put: whose Eventhub may be elsewhere
ADMIN_USER = environment.text("ADMIN_USER")
ADMIN_PASSWORD = environment.text("ADMIN_PASSWORD")

# -- limits --------------------------------------------------------------------------------------
MAX_ENTRY_BYTES = environment.integer("MAX_ENTRY_BYTES", 262_144, minimum=1024, maximum=16 * 2**20)
IDEMPOTENCY_HOURS = environment.integer("IDEMPOTENCY_HOURS", 24, minimum=1, maximum=24 * 30)
RETENTION_DAYS = environment.integer("RETENTION_DAYS", 7, minimum=1, maximum=3650)
RETENTION_BYTES = environment.integer("RETENTION_BYTES", 0)  # 0: no limit by size
MIN_FREE_BYTES = environment.integer("MIN_FREE_BYTES", 256 * 2**20)
MAX_CONNECTIONS = environment.integer("MAX_CONNECTIONS", 1024, minimum=8, maximum=65_000)

MISSED_RUNS = environment.choice("MISSED_RUNS", "once", ["once", "skip"])
# Whoever saves a rule that is expected to cause more deliveries is warned.
WARN_DELIVERIES_PER_SECOND = environment.integer("WARN_DELIVERIES_PER_SECOND", 100, minimum=1)
SLOW_MS = environment.integer("SLOW_MS", 1000, minimum=1)  # a p99 above it is shown as slow

# EventBridge's quotas, which its door alone keeps.
MAX_TARGETS_PER_RULE = environment.integer("MAX_TARGETS_PER_RULE", 5, minimum=1, maximum=1000)
MAX_RULES_PER_BUS = environment.integer("MAX_RULES_PER_BUS", 300, minimum=1)
MAX_BUSES = environment.integer("MAX_BUSES", 100, minimum=1)
MAX_ARCHIVES = environment.integer("MAX_ARCHIVES", 100, minimum=1)
MAX_REPLAYS = environment.integer("MAX_REPLAYS", 10, minimum=1)

# -- Amazon's dialect --------------------------------------------------------------------------------
ACCOUNT_ID = environment.text("ACCOUNT_ID", "000000000000")
REGION = environment.text("REGION", "us-east-1")
# Takes the calls of all AWS targets in place of AWS itself: an emulator, a gateway. Trusted.
AWS_ENDPOINT_URL = environment.text("AWS_ENDPOINT_URL").rstrip("/")
AWS_ACCESS_KEY_ID = environment.text("AWS_ACCESS_KEY_ID")
AWS_SECRET_ACCESS_KEY = environment.text("AWS_SECRET_ACCESS_KEY")
if bool(AWS_ACCESS_KEY_ID) != bool(AWS_SECRET_ACCESS_KEY):
    raise ImproperlyConfigured(
        "EVENTHUB_AWS_ACCESS_KEY_ID and EVENTHUB_AWS_SECRET_ACCESS_KEY: set both or none"
    )
_aws = urlsplit(AWS_ENDPOINT_URL)
if AWS_ENDPOINT_URL and (_aws.scheme not in {"http", "https"} or not _aws.hostname or "@" in _aws.netloc):
    raise ImproperlyConfigured(
        "EVENTHUB_AWS_ENDPOINT_URL: wanted an http or https address without credentials, such as "
        "http://127.0.0.1:4566"
    )
if not (ACCOUNT_ID.isdigit() and len(ACCOUNT_ID) == 12):
    raise ImproperlyConfigured(f"EVENTHUB_ACCOUNT_ID: wanted 12 digits, found {ACCOUNT_ID!r}")

LOG_FORMAT = environment.choice("LOG_FORMAT", "text", ["text", "json"])

environment.refuse_unknown()

# -- Django ---------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = [_public.hostname, *(["127.0.0.1", "localhost", "[::1]"] if LISTENS_ON_LOOPBACK else [])]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "eventhub.urls"
ASGI_APPLICATION = "eventhub.asgi.application"

INSTALLED_APPS = [
    "eventhub",
    "eventhub.journal",
    "eventhub.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "eventhub.dashboard.policy.ContentSecurityPolicyMiddleware",
    "eventhub.dashboard.private.PrivatePagesMiddleware",
    "eventhub.api.rest.conditional.ConditionalReads",
    "eventhub.access.trail.trail_middleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"pages": "eventhub.dashboard.tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "eventhub.dashboard.permitted.may",
                "eventhub.dashboard.heading.heading",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from static/ and from the installed packages: no collect step before the first start.
WHITENOISE_USE_FINDERS = True
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/flow"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# The layer waits up to 5 s for a message; a shorter time-out of the socket would end each wait as an error.
_redis = {"address": REDIS_URL, "socket_timeout": 30}
CHANNEL_LAYERS: dict[str, Any] = (
    {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [_redis]}}}
    if REDIS_URL
    else {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "eventhub.api.rest.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["eventhub.api.rest.permissions.ScopePermission"],
    "DEFAULT_PAGINATION_CLASS": "eventhub.api.rest.pagination.PositionPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "URL_FORMAT_OVERRIDE": None,  # "format" is no parameter of ours
    "EXCEPTION_HANDLER": "eventhub.api.rest.errors.problem",
    "DEFAULT_SCHEMA_CLASS": "eventhub.api.openapi.schema.DescribedSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Eventhub",
    "VERSION": __version__,
    "DESCRIPTION": (BASE_DIR / "templates" / "openapi.md").read_text(encoding="utf-8"),
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["eventhub.api.openapi.doors.declared"],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key: `<id>.<secret>`."},
            "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A browser's."},
        }
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "defaultModelsExpandDepth": 0,
        "filter": True,
        "validatorUrl": None,
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# -- browser safety -----------------------------------------------------------------------------------
_https = _public.scheme == "https"
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 7 * 86_400
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = False  # live pages read it for their HTTP actions
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "eventhub.logs.TextFormatter"},
        "json": {"()": "eventhub.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Anybody can send a wrong Host header; answered 400, and not worth a traceback each.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.channels": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "twisted": {"level": "WARNING"},
    },
}
