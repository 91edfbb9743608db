"""What schemathesis draws is led to what is there: names of real orders, clinics and tokens."""
import json
import os
import re

import schemathesis

WORLD = json.loads(os.environ["DOSETTE_API_WORLD"])
# Of so many draws one is left as it was drawn: what is not there must be answered, too.
LEFT_ALONE = 4


def known(name, drawn):
    choices = WORLD["names"].get(name)
    if not choices:
        return drawn
    # The same draw leads to the same name, so that a seed repeats a run.
    number = sum(str(drawn).encode("utf-8", "surrogatepass"))
    if number % LEFT_ALONE == 0:
        return drawn
    return choices[number % len(choices)]


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else as_json(value)


def as_json(value):
    return json.dumps(value).encode()


def inside(change):
    """What is wrong on purpose comes in a wrapper."""
    def mapped(context, drawn):
        if hasattr(drawn, "value") and hasattr(drawn, "meta"):
            return type(drawn)(change(drawn.value), drawn.meta)
        return change(drawn)
    return mapped


def lead_path(path_parameters):
    if not isinstance(path_parameters, dict) or not path_parameters:
        return path_parameters
    # A webhook has a right token for each clinic: the pair goes together.
    if "token" in path_parameters and "clinic" in path_parameters:
        if sum(str(path_parameters["token"]).encode("utf-8", "surrogatepass")) % LEFT_ALONE:
            return {**path_parameters, "clinic": WORLD["clinic"], "token": WORLD["hook_token"]}
        return path_parameters
    if "token" in path_parameters:
        return {name: value if name != "token" else known("hookup_token", value)
                for name, value in path_parameters.items()}
    return {name: known(name, value) for name, value in path_parameters.items()}


def lead_body(body):
    if not isinstance(body, dict):
        return body
    # Credentials are tried where the body says: only at the simulator, never elsewhere.
    changed = dict(body)
    for name, place in (("base_url", WORLD["base_url"]), ("token_url", WORLD["token_url"])):
        if isinstance(body.get(name), str) and body[name]:
            changed[name] = place
    if isinstance(body.get("clinic"), str) and "order_id" in body:
        changed["clinic"] = known("clinic", body["clinic"])
    if isinstance(body.get("orders"), list) and all(isinstance(name, str) for name in body["orders"]):
        changed["orders"] = list(dict.fromkeys(known("order_key", name) for name in body["orders"]))
    if isinstance(body.get("client"), str) and "do" in body:
        changed["client"] = known("client", body["client"])
    if isinstance(body.get("time_zone"), str):
        changed["time_zone"] = "Europe/Helsinki"
    return changed


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return inside(lead_path)(context, path_parameters)


@schemathesis.hook
def map_body(context, body):
    return inside(lead_body)(context, body)


def only_http(headers):
    """What cannot be a field of HTTP is answered by the parser, before there is an API: 400 and no body."""
    if not isinstance(headers, dict):
        return headers
    return {name: value for name, value in headers.items() if is_field(name, value)}


def is_field(name, value):
    return (re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", str(name)) is not None
            and all(character == "\t" or " " <= character <= "\xff" and character != "\x7f"
                    for character in str(value)))


@schemathesis.hook
def map_headers(context, headers):
    return inside(only_http)(context, headers)
