"""A Python client as scripts use one: reads the metadata, pages through records, uploads, downloads and updates whole records.

It looks every key up without a default, so a key that is missing from an answer ends it with a KeyError. Standard library
only. Usage: python3 client.py PATH-OF-DOSSIER
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
APPLICATION = "60241522a16be4001b611249"
HEADERS = {"X-Knack-Application-Id": APPLICATION, "X-Knack-REST-API-Key": "00000000-aaaa-4bbb-8ccc-000000000001"}


class Server:
    """A dossier on a directory of its own."""

    def __init__(self, binary):
        self.data = tempfile.mkdtemp()
        schema = os.path.join(HERE, "..", "lib", "schema.yaml")
        args = [binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--schema", schema, "--quiet"]
        self.process = subprocess.Popen(args, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.url = None
        for line in self.process.stderr:
            found = re.match(r"listening on (\S+)", line)
            if found:
                self.url = found.group(1)
                break
        if not self.url:
            raise SystemExit("dossier did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit("dossier ended with %d" % self.process.returncode)
        shutil.rmtree(self.data)


class App:
    """The application as its metadata describe it."""

    def __init__(self, base):
        self.base = base
        app = self.call("GET", "/applications/" + APPLICATION, headers={})["application"]
        self.slug = app["account"]["slug"]
        self.timezone = app["settings"]["timezone"]
        assert isinstance(app["counts"]["asset_size"], int) and isinstance(app["counts"]["total_entries"], int)
        self.fields = {o["key"]: {f["key"]: (f["name"], f["type"]) for f in o["fields"]} for o in app["objects"]}
        self.names = {o["name"]: o["key"] for o in app["objects"]}
        self.views = {v["key"]: (s["key"], v["name"], v["type"]) for s in app["scenes"] for v in s["views"]}
        for scene in app["scenes"]:
            for view in scene["views"]:
                if view["type"] == "table":
                    assert [c.get("field", {}).get("key") for c in view["columns"]], view

    def call(self, method, path, body=None, headers=HEADERS, content_type="application/json"):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        url = path if path.startswith("http") else self.base + "/v1" + path
        request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
        if body is not None:
            request.add_header("Content-Type", content_type)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200, answer.status
            return json.loads(answer.read())

    def records(self, obj, filters=None, rows=1000):
        """All records of an object, page by page, with every field looked up."""
        found, page = [], 1
        while True:
            query = {"page": page, "rows_per_page": rows}
            if filters is not None:
                query["filters"] = json.dumps(filters)
            answer = self.call("GET", "/objects/%s/records/?%s" % (obj, urllib.parse.urlencode(query)))
            if not answer["records"]:
                break
            found += answer["records"]
            page = answer["current_page"] + 1
            if len(found) >= answer["total_records"]:
                break
        for record in found:
            for key in self.fields[obj]:
                record[key]  # a KeyError if it is missing
        return found

    def upload(self, kind, name, content):
        boundary = uuid.uuid4().hex
        part = 'Content-Disposition: form-data; name="files"; filename="%s"\r\n\r\n' % name
        body = ("--%s\r\n%s" % (boundary, part)).encode() + content + ("\r\n--%s--\r\n" % boundary).encode()
        path = "/applications/%s/assets/%s/upload" % (APPLICATION, kind)
        return self.call("POST", path, body, content_type="multipart/form-data; boundary=" + boundary)["id"]


def raw(record, key):
    """The raw value of a field, None if it is empty."""
    return record.get(key + "_raw")


def main(binary):
    server = Server(binary)
    try:
        app = App(server.url)
        assert app.timezone == "UTC", app.timezone
        reports = app.names["Reports"]
        assert reports == "object_2" and app.fields[reports]["field_10"][1] == "short_text", app.fields
        assert app.call("GET", "/objects/" + reports)["object"]["fields"]
        assert {f["key"] for f in app.call("GET", "/objects/%s/fields" % reports)["fields"]} == set(app.fields[reports])

        full = {"field_10": "Everything", "field_11": "two\nlines", "field_12": 1204.5, "field_13": "05/02/2031",
                "field_14": {"date": "05/02/2031", "hours": 4, "minutes": 14, "am_pm": "PM"}, "field_15": "Draft",
                "field_16": ["red", "blue"], "field_17": "yes", "field_18": "http://example.org", "field_19": "a@example.org",
                "field_20": "512-555-0170"}
        asset = app.upload("file", "Lease 2031.txt", b"the lease")
        made = app.call("POST", "/objects/%s/records" % reports, dict(full, field_21=asset, id=None))
        empty = app.call("POST", "/objects/%s/records" % reports, {})
        for i in range(30):
            app.call("POST", "/objects/%s/records" % reports, {"field_10": "row %d" % i})
        assert len(app.records(reports, rows=7)) == 32

        record = [r for r in app.records(reports) if r["id"] == made["id"]][0]
        url = raw(record, "field_21")["url"]
        assert urllib.request.urlopen(url, timeout=30).read() == b"the lease"
        assert raw(record, "field_21")["filename"] == "Lease 2031.txt" and raw(record, "field_21")["size"] == 9
        assert isinstance(raw(record, "field_14")["unix_timestamp"], int), record

        # The whole record is sent back with its raw values and one change: nothing else may move.
        payload = {key: raw(record, key) for key in app.fields[reports]}
        payload.update(field_10="Changed", id=made["id"])
        changed = app.call("PUT", "/objects/%s/records/%s" % (reports, made["id"]), payload)
        for key in app.fields[reports]:
            if key != "field_10":
                assert changed[key] == record[key] and raw(changed, key) == raw(record, key), (key, record[key], changed[key])
        assert changed["field_10"] == "Changed"

        # So is a record of nothing.
        blank = [r for r in app.records(reports) if r["id"] == empty["id"]][0]
        app.call("PUT", "/objects/%s/records/%s" % (reports, empty["id"]), {key: raw(blank, key) for key in app.fields[reports]})
        after = app.call("GET", "/objects/%s/records/%s" % (reports, empty["id"]))
        assert after == blank, (after, blank)

        found = app.records(reports, [{"field": "field_15", "operator": "is", "value": "Draft"}])
        assert [r["id"] for r in found] == [made["id"]]
        assert app.call("DELETE", "/objects/%s/records/%s" % (reports, made["id"]), {"id": made["id"]}) == {"delete": True}
        assert len(app.records(reports)) == 31
        print("1 passed, 0 failed")
    finally:
        server.stop()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
