"""Starts a simulated Provet and a server, makes orders of every kind, and lets schemathesis loose on them."""
import argparse
import base64
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance",
])
ROLES = ["intake", "operator", "pharmacist", "auditor", "administrator"]
# Who has all roles.
EVERYBODY = "api-check"
HOOKUP = "api-check-hookup-token-of-32-chars"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLINIC = "nordic-vets"
SECONDS_TO_START = 30
# The order that is parked, and how many proposals wait for a second person.
DOUBTFUL = "HD-10"
OPEN_PROPOSALS = 12
# Operations that cannot answer 2xx here, with the reason.
WITHOUT_SUCCESS = {"hookUp": "the credentials of a hookup must come over https",
                   "hookUpAs": "the credentials of a hookup must come over https"}


class Receiver:
    """An endpoint of webhooks that verifies what it gets with the code that docs/api.md shows."""

    def __init__(self):
        code = re.search(r"<!-- verify.py.*?```python\n(.*?)```", (HERE / "../../docs/api.md").read_text(),
                         re.DOTALL)[1]
        names = {}
        exec(code, names)
        self.ids, self.bad, self.refused = [], 0, 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                good = names["verify"](WEBHOOK_SECRET, headers, body)
                # The code must be able to say no.
                receiver.refused += not names["verify"](WEBHOOK_SECRET, headers, body + b" ")
                receiver.bad += not good
                receiver.ids.append(int(headers["webhook-id"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def judge(self):
        first = list(dict.fromkeys(self.ids))
        print(f"{len(self.ids)} webhooks received, {self.bad} of them not signed as they should be")
        return (bool(self.ids) and not self.bad and self.refused == len(self.ids)
                and max(self.ids) == first[-1])


class World:
    """The processes, and the way to the server."""

    def __init__(self, dosette, place):
        self.dosette, self.place, self.processes = dosette, place, []
        self.port = self.provet = None
        # The token of each owner.
        self.tokens = {}

    def free_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return taken.getsockname()[1]

    def begin(self, name, *arguments, **environment):
        log = open(self.place / f"{name}.log", "wb")
        process = subprocess.Popen([self.dosette, *arguments], stdout=log, stderr=log,
                                   env={**os.environ, **environment})
        self.processes.append(process)
        return process

    def make_tokens(self, file):
        for owner, roles in [(role, [role]) for role in ROLES] + [(EVERYBODY, ROLES)]:
            made = subprocess.run([self.dosette, "token", "create", "--file", str(file), "--name", owner,
                                   "--role", *roles], capture_output=True, text=True)
            if made.returncode:
                sys.exit(f"api-check: no token for {owner}: {made.stderr}")
            self.tokens[owner] = made.stdout.strip()

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, kind="application/json", by=EVERYBODY, root=None, **headers):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body else None
        request = urllib.request.Request((root or self.root) + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.tokens.get(by, by)}")
        if data:
            request.add_header("Content-Type", kind)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def json(self, method, path, body=None, due=(200, 201, 202), **headers):
        status, text = self.call(method, path, body, **headers)
        if status not in due:
            sys.exit(f"api-check: {method} {path} answered {status}: {text}")
        return json.loads(text) if text else None

    def wait(self, what, look):
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            try:
                if look():
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.1)
        sys.exit(f"api-check: {what} did not come about; see {self.place}")


def start(world, receiver):
    port_file = world.place / "provet.port"
    world.begin("provet", "provet", "simulate", "--port", "0", "--calls-per-minute", "1000000",
                "--port-file", str(port_file))
    world.wait("the simulated Provet", lambda: int(port_file.read_text()))
    world.provet = f"http://127.0.0.1:{port_file.read_text()}/4"
    world.port = world.free_port()
    tokens = world.place / "tokens"
    world.make_tokens(tokens)
    configuration = world.place / "dosette.yaml"
    configuration.write_text(f"""
data: ./data
listen: 127.0.0.1:{world.port}
tokens_file: tokens
public_url: {world.root}
hookup: {{ token_env: HOOKUP_TOKEN, domains: [provetcloud.example], time_zone: Europe/Helsinki }}
clinics:
  - id: {CLINIC}
    base_url: {world.provet}/api/0.1
    token_url: {world.provet}/oauth2/token/
    client_id: dosette
    client_secret_env: PROVET_SECRET
    time_zone: Europe/Helsinki
    calls_per_minute: 1000000
four_eyes: [adopt, resend, bulk]
timing:
  deadline: 1s
  server_bound: 2s
  probe_interval: 1s
  retry: {{ attempts: 4, first: 200ms, factor: 2, most: 1s }}
webhooks:
  - id: warehouse
    url: http://127.0.0.1:{receiver.port}/hook
    secret_env: WEBHOOK_SECRET
    events: ["prescription.*", dispense.recorded]
""")
    world.begin("server", "serve", "--config", str(configuration), PROVET_SECRET="simulated-secret",
                HOOKUP_TOKEN=HOOKUP, WEBHOOK_SECRET=WEBHOOK_SECRET)
    world.wait("the server", lambda: world.call("GET", "/health/ready")[0] == 200)


def prescription(order, client=1, patient=1, **more):
    return {"order_id": order, "source": "webshop", "clinic": CLINIC, "prescription": {
        "client_id": client, "department_id": 1, "prescriber_id": 1,
        "issue_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "prescription_items": [{
            "name": "Lorem ipsum", "patients": [patient], "strength": "100 mg",
            "instructions": "lorem ipsum", "quantity_packages": 3, "valid_until": "2099-08-20",
            "repeat_number": 40}]}, **more}


def bring_in_doubt(world):
    """An order that is parked: whether its sale was made cannot be known, as the answer was lost and somebody at
    the clinic made one, too."""
    place = "/v1/orders/webshop/" + DOUBTFUL
    server = world.provet.rsplit("/", 1)[0]
    world.json("POST", "/v1/orders", prescription(DOUBTFUL, client=12, patient=121))
    world.wait("the order to doubt", lambda: world.json("GET", place)["prescription"]["state"] == "sent")
    signed = world.json("POST", "/oauth2/token/", "grant_type=client_credentials", root=world.provet,
                        kind="application/x-www-form-urlencoded",
                        Authorization="Basic " + base64.b64encode(b"dosette:simulated-secret").decode())
    world.json("POST", "/_simulator/faults", {"cut_after": 10_000}, due=(200, 204), root=server)
    world.json("POST", place + "/signals", {"signal": "accept", "reason": "the check says so"})
    world.wait("a sale under way", lambda: "counter_sale" in (world.json("GET", place)["waiting"] or {})["for"])
    # At once, so that the clinic's sale is there before Dosette looks for its own.
    try:
        world.call("POST", "/api/0.1/countersale/", {"client": 12, "department": 1}, root=world.provet,
                   by=signed["access_token"])
    except (OSError, http.client.HTTPException):
        pass
    world.json("POST", "/_simulator/faults", {"profile": "none"}, due=(200, 204), root=server)
    world.wait("an order in doubt", lambda: world.json("GET", place)["parked"])
    alone, text = world.call("POST", place + "/signals", {"signal": "resend", "reason": "there is no sale"})
    if alone != 409 or json.loads(text)["rule"] != "four_eyes":
        sys.exit(f"api-check: one person alone resent what is in doubt: {alone} {text}")


def propose(world):
    """Proposals that are open, and one each that was confirmed by somebody else and withdrawn."""
    def one(number):
        # Several orders at once need a second person whatever is done.
        return world.json("POST", "/v1/proposals", {
            "do": "signal", "signal": "retry", "orders": ["webshop/HD-3", "webshop/HD-4"],
            "reason": f"the check says so {number}"}, by="operator")["proposal"]

    names = [one(number) for number in range(OPEN_PROPOSALS + 2)]
    why = {"reason": "the check agrees"}
    done = world.json("POST", f"/v1/proposals/{names[0]}/confirm", why, by="pharmacist")
    gone = world.json("POST", f"/v1/proposals/{names[1]}/withdraw", why, by="operator")
    if (done["state"], gone["state"]) != ("done", "withdrawn"):
        sys.exit(f"api-check: {done} {gone}")
    plan = world.json("POST", f"/v1/orders/webshop/{DOUBTFUL}/plan", {"signal": "resend"}, by="operator")
    if not any(step["requests"] for step in plan["steps"]):
        sys.exit(f"api-check: a dry run without a request: {plan}")
    return names


def listed_roles():
    """The roles that docs/api.md lists for each right."""
    rows = re.findall(r"\| `([a-z_]+)` \| [^|]* \| ([a-z, ]+) \|", (HERE / "../../docs/api.md").read_text())
    return {right: roles.split(", ") for right, roles in rows}


def try_rights(world, text):
    """Each operation with the token of each role: refused where docs/api.md lists the right for other roles only."""
    roles_of, tries, wrong = listed_roles(), 0, []
    for path, methods in yaml.safe_load(text)["paths"].items():
        for method, operation in methods.items():
            for role in ROLES if "x-right" in operation else []:
                status, body = world.call(method.upper(), re.sub(r"\{\w+\}", "7", path), by=role)
                refused = status == 403 and json.loads(body)["rule"] == "right_needed"
                tries += 1
                # Without a body nothing more is asked for, but for what a path alone says.
                may = role in roles_of[operation["x-right"]]
                if refused == may and not (refused and "x-further-rights" in operation):
                    wrong.append(f"{role} {method.upper()} {path}: {status}, {'may' if may else 'may not'}")
    print(f"{tries} calls of each role to each operation, {len(wrong)} not as docs/api.md says")
    return wrong


def populate(world):
    """Orders that are sent, accepted, dispensed, taken back, rejected, canceled, and delivered."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for number in range(1, 9):
        world.json("POST", "/v1/orders", prescription(f"HD-{number}"))
    world.json("POST", "/v1/orders", {
        "order_id": "DO-1", "source": "webshop", "clinic": CLINIC, "delivery": {
            "home_delivery_order_id": 17, "client_id": 2, "department_id": 1, "items": [
                {"home_delivery_item_id": 31, "item_id": 5, "name": "Lorem ipsum", "quantity": 2}]}})

    def state(number):
        view = world.json("GET", f"/v1/orders/webshop/HD-{number}")
        return view["prescription"]["state"]

    world.wait("orders that are sent", lambda: all(state(n) == "sent" for n in range(1, 9)))
    for number, name in ((1, "accept"), (2, "accept"), (3, "reject"), (4, "cancel"),
                         (5, "accept_with_warning")):
        world.json("POST", f"/v1/orders/webshop/HD-{number}/signals",
                   {"signal": name, "reason": "the check says so"})
    world.wait("an order that is accepted", lambda: state(1) == "accepted")
    for dispense in ("D-1", "D-2"):
        world.json("POST", "/v1/orders/webshop/HD-1/dispenses", {
            "dispense_id": dispense, "item": 0, "quantity_packages": 1, "dispensed_on": today})
    world.json("POST", "/v1/orders/webshop/HD-1/dispenses/D-2/reversal",
               {"reason": "the check says so"})
    # An order of a client who has none other, and is done: it can be forgotten.
    world.json("POST", "/v1/orders", prescription("HD-9", client=3))
    world.json("POST", "/v1/orders/webshop/HD-9/signals",
               {"signal": "cancel", "reason": "the check says so"})
    added = {"id": "baltic-vets", "base_url": f"{world.provet}/api/0.1",
             "token_url": f"{world.provet}/oauth2/token/", "client_id": "dosette",
             "client_secret": "simulated-secret", "time_zone": "Europe/Helsinki"}
    for name in ("baltic-vets", "fjord-vets"):
        world.json("POST", "/v1/clinics", {**added, "id": name})
    world.wait("fees that are charged", lambda: all(
        world.json("GET", f"/v1/orders/webshop/HD-{n}")["fee"]["state"] == "charged" for n in (1, 2, 5)))
    bring_in_doubt(world)
    proposals = propose(world)
    hooks = world.json("GET", f"/v1/clinics/{CLINIC}/webhooks")
    number = world.json("GET", "/v1/orders/webshop/HD-1")["prescription"]["provet_id"]
    return {
        "clinic": CLINIC, "hook_token": hooks["url"].rsplit("/", 1)[1],
        "base_url": f"{world.provet}/api/0.1", "token_url": f"{world.provet}/oauth2/token/",
        "names": {
            "source": ["webshop"],
            "order_id": [f"HD-{n}" for n in range(1, 9)] + ["DO-1", DOUBTFUL],
            "order_key": [f"webshop/HD-{n}" for n in range(1, 9)] + [f"webshop/{DOUBTFUL}"],
            "client": [f"{CLINIC}/3", f"{CLINIC}/1"], "proposal": proposals,
            "dispense_id": ["D-1", "D-2"], "clinic": [CLINIC, "baltic-vets", "fjord-vets"],
            "client_id": [1, 2, 3], "prescription": [number],
            "hookup_token": [HOOKUP], "webhook": ["warehouse"],
        },
    }


def described(world, planted):
    """The server's own description; with a mistake in it when one is planted."""
    text = world.call("GET", "/v1/openapi.yaml")[1]
    if planted:
        head, tail = text.split("operationId: showOrder\n", 1)
        line = "        '404': {$ref: '#/components/responses/NotFound'}\n"
        text = head + "operationId: showOrder\n" + tail.replace(line, "", 1)
    # What the examples call a Provet is the simulator; clinics are not looked for elsewhere.
    text = text.replace("http://127.0.0.1:9000/4", world.provet)
    file = world.place / "openapi.yaml"
    file.write_text(text)
    return file, text


def hurl(world, file, names, options):
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", str(file), "--url", world.root,
        "--checks", CHECKS, "--mode", "all", "--phases", options.phases,
        "--max-examples", str(options.examples), "--seed", str(options.seed),
        "--header", f"Authorization: Bearer {world.tokens[EVERYBODY]}", "--request-timeout", "30", "--no-color",
        "--continue-on-failure", "--generation-database", "none", "--suppress-health-check", "all",
        "--report", "junit", "--report-junit-path", str(world.place / "report.xml"),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
                   "DOSETTE_API_WORLD": json.dumps(names)}
    began = time.monotonic()
    log = world.place / "schemathesis.log"
    with open(log, "wb") as out:
        code = subprocess.run(command, env=environment, stdout=out, stderr=out, cwd=world.place).returncode
    return code, log.read_text(errors="replace"), time.monotonic() - began


def counts(world):
    """How many requests each route has answered, by class of status."""
    found = {}
    for line in world.call("GET", "/metrics")[1].splitlines():
        match = re.fullmatch(
            r'dosette_http_requests_total\{route="([a-z_]+)",status="(\d)xx"\} (\d+)', line)
        if match:
            found.setdefault(match[1], {})[match[2]] = int(match[3])
    return found


def judge(options, code, said, seconds, found):
    server_errors = sum(classes.get("5", 0) for classes in found.values())
    requests = sum(sum(classes.values()) for classes in found.values())
    never = sorted(route for route, classes in found.items()
                   if not classes.get("2") and route not in ("nowhere", "hookup"))
    print(f"{requests} requests in {seconds:.0f} s, seed {options.seed}; "
          f"{server_errors} server errors; routes without any success: {never or 'none'}")
    if options.planted:
        if code and "Undocumented HTTP status code" in said:
            return print("the status that was taken out of the description was found")
        print(said)
        sys.exit("api-check: the planted mistake was not found")
    if code or server_errors or never:
        print(said[-60_000:])
        sys.exit("api-check: answers that are not described, or server errors; see above")
    print("every answer was as the description says")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dosette", default=".build/debug/dosette")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=40, help="of each operation, drawn")
    parser.add_argument("--phases", default="examples,coverage,fuzzing")
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--keep", help="a folder for logs and report, in place of one that goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dosette-api-check.") as scratch:
        place = pathlib.Path(options.keep or scratch).resolve()
        place.mkdir(parents=True, exist_ok=options.keep is None)
        receiver = Receiver()
        world = World(str(pathlib.Path(options.dosette).resolve()), place)
        try:
            start(world, receiver)
            names = populate(world)
            file, text = described(world, options.planted)
            wrong = try_rights(world, text)
            # A wrong right must be found, too.
            if options.planted and not try_rights(world, text.replace("x-right: back_up", "x-right: look")):
                sys.exit("api-check: the planted right was not found")
            if wrong:
                sys.exit("api-check: rights are not as described:\n" + "\n".join(wrong))
            code, said, seconds = hurl(world, file, names, options)
            judge(options, code, said, seconds, counts(world))
            if not receiver.judge():
                sys.exit("api-check: the webhooks are not as docs/api.md says")
        finally:
            world.end()
            receiver.end()


if __name__ == "__main__":
    main()
