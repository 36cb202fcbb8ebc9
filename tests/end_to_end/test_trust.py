"""Whom the node trusts with a key: TLS to providers and from clients, redirects, addresses of the own network, fields that name an endpoint."""
import http.server as http_server
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import warnings

from yard import CANARY, Sim, Yard, http, key, provider, wait_until

ANSWER = json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "small",
                     "choices": [{"index": 0, "message": {"role": "assistant", "content": "Over TLS"}, "finish_reason": "stop"}],
                     "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}})


class Authority:
    """A private certificate authority in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-ca-"))
        self.ca = self.folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test authority", "-days", "2",
                      "-keyout", "ca.key", "-out", "ca.pem")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, alt_name, days=2, self_signed=False):
        """(certificate, key) for a server."""
        common = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alt_name}", "-keyout", name + ".key")
        if self_signed:
            self._openssl("req", "-x509", "-days", str(days), *common, "-out", name + ".pem")
        else:
            self._openssl("req", *common, "-out", name + ".csr")
            self._openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", str(days), "-copy_extensions", "copy", "-out", name + ".pem")
        return str(self.folder / (name + ".pem")), str(self.folder / (name + ".key"))

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class TlsProvider:
    """Answers every request with ANSWER; remembers what came through TLS, and how handshakes failed."""

    def __init__(self, certificate, key_file):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key_file)
        self.context.set_alpn_protocols(["http/1.1"])
        self.received, self.failures, self.names, self.connections = b"", [], [], 0
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(plain,), daemon=True).start()

    def _answer(self, plain):
        plain.settimeout(10)
        try:
            with self.context.wrap_socket(plain, server_side=True) as secure:
                request = b""
                while piece := secure.recv(65536):
                    self.received += piece
                    request += piece
                    head, _, body = request.partition(b"\r\n\r\n")
                    if f"content-length: {len(body)}".encode() in head:
                        secure.sendall(f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(ANSWER)}\r\n\r\n{ANSWER}".encode())
                        request = b""
        except (ssl.SSLError, OSError) as failure:
            self.failures.append(failure)

    def stop(self):
        self.listener.close()


class UpstreamTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.remove)

    def ask(self, certificate, host="localhost"):
        """(status, body, provider) of one chat through a provider that shows this certificate."""
        tls = TlsProvider(*certificate)
        self.addCleanup(tls.stop)
        yard = Yard({"providers": {"openai": provider(f"https://{host}:{tls.port}", key("one"), retry={"attempts": 1})}},
                    environment={"SSL_CERT_FILE": str(self.authority.ca)})
        try:
            status, _, body = yard.chat()
        finally:
            self.assertEqual(yard.stop(), 0)
        return status, body, tls

    def assertRefusedBeforeTheKey(self, certificate, host="localhost"):
        status, body, tls = self.ask(certificate, host)
        self.assertEqual(status, 502, body)
        self.assertEqual(json.loads(body)["error"]["code"], "upstream_error")
        self.assertIn("TLS", json.loads(body)["error"]["message"])
        self.assertGreater(tls.connections, 0)
        wait_until(lambda: len(tls.failures) == tls.connections, 5, "every handshake failed")
        self.assertEqual(tls.received, b"")

    def test_a_certificate_of_the_given_authority_is_trusted(self):
        status, body, tls = self.ask(self.authority.issue("good", "DNS:localhost"))
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], "Over TLS")
        self.assertIn(CANARY.encode(), tls.received)
        self.assertEqual(set(tls.names), {"localhost"})

    def test_a_certificate_for_an_address_is_trusted(self):
        status, body, _ = self.ask(self.authority.issue("address", "IP:127.0.0.1"), host="127.0.0.1")
        self.assertEqual(status, 200, body)

    def test_an_expired_certificate_gets_no_key(self):
        self.assertRefusedBeforeTheKey(self.authority.issue("expired", "DNS:localhost", days=-1))

    def test_a_certificate_for_another_name_gets_no_key(self):
        self.assertRefusedBeforeTheKey(self.authority.issue("other", "DNS:api.openai.com"))

    def test_a_self_signed_certificate_gets_no_key(self):
        self.assertRefusedBeforeTheKey(self.authority.issue("selfsigned", "DNS:localhost", self_signed=True))

    def test_without_the_authority_its_certificate_gets_no_key(self):
        tls = TlsProvider(*self.authority.issue("unknown", "DNS:localhost"))
        self.addCleanup(tls.stop)
        yard = Yard({"providers": {"openai": provider(f"https://localhost:{tls.port}", key("one"))}})
        try:
            self.assertEqual(yard.chat()[0], 502)
        finally:
            yard.stop()
        self.assertEqual(tls.received, b"")


class ServerTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.remove)
        certificate, key_file = cls.authority.issue("yard", "DNS:localhost,IP:127.0.0.1")
        cls.sim = Sim()
        cls.addClassCleanup(cls.sim.stop)
        cls.yard = Yard({"server": {"tls": {"cert": certificate, "key": key_file}}, "providers": {"openai": provider(cls.sim.url, key("one"))}})
        cls.addClassCleanup(cls.yard.stop)
        cls.context = ssl.create_default_context(cafile=str(cls.authority.ca))

    def connect(self):
        plain = socket.create_connection(self.yard.endpoint, timeout=10)
        return self.context.wrap_socket(plain, server_hostname="localhost")

    @staticmethod
    def request(stream):
        body = json.dumps({"model": "small", "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}).encode()
        return b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    @staticmethod
    def read_until(connection, end):
        seen = b""
        while not seen.endswith(end):
            piece = connection.recv(65536)
            if not piece:
                raise AssertionError(f"closed after {seen!r}")
            seen += piece
        return seen

    def test_answers_and_streams_come_over_one_connection(self):
        with self.connect() as connection:
            for _ in range(3):
                connection.sendall(self.request(False))
                self.assertIn(b"HTTP/1.1 200 OK", self.read_until(connection, b"}"))
                connection.sendall(self.request(True))
                seen = self.read_until(connection, b"\r\n0\r\n\r\n")
                self.assertIn(b"data: [DONE]", seen)

    def test_old_protocols_and_plain_text_are_turned_away(self):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, OSError)), socket.create_connection(self.yard.endpoint, timeout=10) as plain:
            old.wrap_socket(plain)
        with socket.create_connection(self.yard.endpoint, timeout=10) as plain:
            plain.sendall(self.request(False))
            answer = b""
            try:
                while piece := plain.recv(4096):
                    answer += piece
            except ConnectionError:
                pass
            self.assertNotIn(b"200 OK", answer)
        with self.connect() as connection:   # the node goes on
            connection.sendall(self.request(False))
            self.assertIn(b"HTTP/1.1 200 OK", self.read_until(connection, b"}"))


class Canary:
    """A listener that must never hear anything."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def heard(self):
        self.listener.settimeout(0.3)
        try:
            self.listener.accept()[0].close()
            return True
        except TimeoutError:
            return False


class Redirects(unittest.TestCase):
    def test_a_redirect_is_an_error_and_is_not_followed(self):
        canary = Canary()
        self.addCleanup(canary.listener.close)
        asked = []

        class Redirecting(http_server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked.append(self.path)
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(302 if len(asked) % 2 else 307)
                self.send_header("location", canary.url + "/v1/chat/completions")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        yard = Yard({"providers": {"openai": provider(f"http://127.0.0.1:{server.server_port}", key("one"))}})
        try:
            for stream in (False, True):
                status, headers, body = yard.chat(stream=stream)
                self.assertEqual(status, 502, body)
                self.assertEqual(json.loads(body)["error"]["code"], "upstream_error")
                self.assertNotIn("location", {name.lower() for name in headers})
        finally:
            self.assertEqual(yard.stop(), 0)
        self.assertFalse(canary.heard())

    def test_a_field_that_names_another_endpoint_is_refused(self):
        canary, sim = Canary(), Sim()
        self.addCleanup(canary.listener.close)
        self.addCleanup(sim.stop)
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})
        try:
            for more in ({"api_base": canary.url}, {"base_url": canary.url}, {"custom_host": canary.url}, {"litellm_params": {"api_base": canary.url}},
                         {"extra": [{"options": {"baseURL": canary.url}}]}, {"api_key": "sk-mine"}):
                status, _, body = yard.chat(**more)
                self.assertEqual(status, 400, body)
                self.assertTrue(json.loads(body)["error"]["param"].startswith(next(iter(more))), body)
            status, _, body = yard.chat(headers={"x-portkey-custom-host": canary.url})
            self.assertEqual((status, json.loads(body)["error"]["param"].lower()), (400, "x-portkey-custom-host"))
            body = {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}
            self.assertEqual(http_post(yard, "/v1/chat/completions?api_base=" + canary.url, body)[0], 400)
            self.assertEqual(sim.requests(), 0)
            tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"base_url": {"type": "string"}}}}}
            self.assertEqual(yard.chat(tools=[tool])[0], 200)
        finally:
            self.assertEqual(yard.stop(), 0)
        self.assertFalse(canary.heard())


def http_post(yard, path, body):
    return http("POST", yard.url + path, body)


class OwnNetwork(unittest.TestCase):
    def test_a_name_that_leads_into_the_own_network_is_not_dialled_unless_allowed(self):
        sim = Sim()
        self.addCleanup(sim.stop)
        name = own_name()
        if name is None:
            self.skipTest("this machine's name does not resolve to an address of its own")
        canary = socket.create_server(("", 0))
        self.addCleanup(canary.close)
        for allowed in (False, True):
            yard = Yard({"providers": {"openai": provider(f"http://{name}:{sim.port if allowed else canary.getsockname()[1]}", key("one"), allow_private=allowed,
                                                          timeouts={"connect": "1s", "first_byte": "2s"})}})
            try:
                status, _, body = yard.chat()
                if allowed:
                    self.assertNotIn(b"not public", body)
                else:
                    self.assertEqual(status, 502, body)
                    self.assertIn(b"allow_private", body)
            finally:
                yard.stop()
        canary.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            canary.accept()


def own_name():
    """The machine's name, when it leads to private addresses only."""
    name = socket.gethostname()
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        return None
    private = ("127.", "10.", "192.168.", "172.", "169.254.", "::1", "fe80", "fd", "fc")
    return name if found and all(address.startswith(private) for address in found) and name != "localhost" else None


if __name__ == "__main__":
    unittest.main()
