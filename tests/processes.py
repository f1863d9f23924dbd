"""Real settings for processes of their own, against a fake Twilio and a mail server."""

import base64
import secrets

from contactpoints.settings import PREFIX
from tests.fakes import twilio
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio

PUBLIC = "https://alerts.example.org"


def environment(database_url: str, far: FakeTwilio, smtp: FakeSmtp) -> dict[str, str]:
    """Return an environment in which everything is set that has to be."""
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    settings = {
        "DATABASE_URL": database_url,
        "KEYRING": f"k1:{secret}",
        "PIN_PEPPER": secret,
        "PUBLIC_URL": PUBLIC,
        "PORT": "0",
        "TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
        "TWILIO_AUTH_TOKEN": twilio.TOKEN,
        "TWILIO_SENDER": twilio.SENDER,
        "TWILIO_API_BASE": far.url,
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": str(smtp.port),
        "SMTP_TLS": "none",
        "SMTP_SENDER": "Network 24/7 <alerts@example.org>",
    }
    return {PREFIX + name: value for name, value in settings.items()}
