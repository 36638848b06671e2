"""An OpenID Connect provider on loopback that can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

CLIENT, SECRET = "jol", "a-secret-of-the-client-that-is-long-enough"
RIGHT, WRONG = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Provider:
    """Answers the questions of a client; `lies` are claims, header fields or a key other than the true ones.

    Or parts of what it says of itself, or where it leads who asks for a path.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.sub, self.claims = (
            "somebody",
            {"name": "Sam Newcomer", "email": "sam@fire.example", "email_verified": True},
        )
        self.lies: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def consent(self, url: str) -> str:
        """Return the query with which the browser comes back from the page at `url`."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"code={code}&state={query['state']}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        question = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if question is None or challenge.rstrip(b"=").decode() != question["code_challenge"]:
            return None
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.identity(question["nonce"])}

    def identity(self, nonce: str) -> str:
        now = int(timezone.now().timestamp())
        claims = {"iss": self.address, "sub": self.sub, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.claims | self.lies.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = self.lies.get("alg", "RS256")
        return jwt.encode(claims, self.lies.get("key", RIGHT), algorithm=algorithm, headers={"kid": "1"})

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        self.asked.append(path)
        public = {"kid": "1", "use": "sig", "alg": "RS256"}
        pages = {
            "/.well-known/openid-configuration": {
                "issuer": self.lies.get("issuer", self.address),
                "authorization_endpoint": f"{self.address}/authorise",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.lies.get("configuration", {}),
            },
            "/keys": {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RIGHT.public_key())) | public]},
        }
        return self.token(form) if path == "/token" else pages.get(path)


@contextmanager
def provider() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.respond({name: values[0] for name, values in parse_qs(body).items()})

        def respond(self, form: dict[str, str]) -> None:
            answer = running.answer(self.path, form)
            to = running.lies.get("redirects", {}).get(self.path)
            self.send_response(307 if to else 200 if answer else 400)
            if to:
                self.send_header("Location", to)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer or {"error": "invalid_grant"}).encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
