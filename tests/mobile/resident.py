"""A resident who signs in at the issuer, in a browser."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

LIMIT_SECONDS = 30


class KeepRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_):
        return None


class Browser:
    """A browser that keeps one cookie and shows where it is led."""

    def __init__(self, installation):
        self.installation, self.cookie = installation, ""
        self.opener = urllib.request.build_opener(KeepRedirects)

    def send(self, url, form=None, headers=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"cookie": self.cookie, **(headers or {})}
        if form:
            headers["origin"] = self.installation.issuer
        try:
            answer = self.opener.open(urllib.request.Request(url, data=data, headers=headers), timeout=LIMIT_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            if cookie := answer.headers.get("set-cookie"):
                self.cookie = cookie.split(";")[0]
            return answer.status, answer.headers.get("location"), answer.read().decode()

    def form(self, path):
        _, _, html = self.send(self.installation.issuer + path)
        return re.search(r'name="form" value="([^"]*)"', html)[1]

    def post(self, path, **form):
        status, location, text = self.send(self.installation.issuer + path, form)
        assert status == 303, (path, status, text)
        return location

    def code(self):
        """The newest code that the demo sender shows."""
        token = (self.installation.folder / "data" / "administration-token").read_text().strip()
        headers = {"authorization": f"Bearer {token}"}
        for _ in range(200):
            _, _, body = self.send(f"{self.installation.issuer}/admin/v1/sign-in-codes", {}, headers)
            if codes := json.loads(body):
                return codes[0]["code"]
        raise AssertionError("no code came")

    def sign_in(self, page, decision="/consent/approve"):
        """Signs in and decides; returns where the browser is led then."""
        status, _, text = self.send(page)
        assert status == 303, text
        self.post("/sign-in/number", form=self.form("/sign-in"), number=self.installation.uin)
        form = self.form("/sign-in")
        self.post("/sign-in/code", form=form, code=self.code())
        return self.post(decision, form=self.form("/consent"))
