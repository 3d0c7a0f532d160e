"""Messages about a person's account. Those with a link or code that proves identity are
sensitive."""

from apps.emails.content import Button, Code, Content, Paragraph, facts, message


def welcome(*, name: str, base_url: str, app_url: str) -> Content:
    """After sign-up."""
    return message(
        "welcome",
        "Welcome to WatchLLM",
        Paragraph(
            "Make an API key, point your OpenAI client to the address below and keep the rest "
            "of your code. Answers you have paid for once come back from the cache."
        ),
        Code(base_url),
        Button("Open the dashboard", app_url),
        title=f"Welcome, {name}",
    )


def verify(*, code: str, email: str, account: str) -> Content:
    """Proves ``email``, in the browser of the one who asked. ``account``: its main address."""
    if account == email:
        asked = f"Somebody, hopefully you, is making a WatchLLM account for {email}."
    else:
        asked = f"The WatchLLM account {account} asks to add the address {email}."
    return message(
        "verify",
        "Your confirmation code",
        Paragraph(f"{asked} To confirm, type this code into the page that asks for it:"),
        Code(code),
        Paragraph(
            "It is good for 15 minutes. If it was not you, ignore this message and tell the "
            "code to nobody: it would let them use your address."
        ),
        sensitive=True,
    )


def password_reset(*, url: str) -> Content:
    """Lets its reader choose a new password."""
    return message(
        "password_reset",
        "Choose a new password",
        Paragraph("A new password was asked for. If it was you, choose it here."),
        Button("Choose a new password", url),
        Paragraph("If it was not you, ignore this message: your password stays as it is."),
        sensitive=True,
    )


def account_notice(*, subject: str, text: str) -> Content:
    """Any other notice of the account pages; ``text`` is paragraphs separated by empty lines."""
    paragraphs = (part.strip().replace("\n", " ") for part in text.split("\n\n"))
    return message(
        "account_notice",
        subject,
        *(Paragraph(part) for part in paragraphs if part),
        sensitive=True,
    )


def invitation(*, organization: str, inviter: str, role: str, url: str) -> Content:
    """Somebody is asked to join an organization."""
    return message(
        "invitation",
        f"{inviter} invites you to {organization} on WatchLLM",
        Paragraph(f"{inviter} invites you to {organization} on WatchLLM as {role}."),
        Button("Accept the invitation", url),
        Paragraph("If you do not know them, ignore this message."),
        title=f"Join {organization}",
        sensitive=True,
    )


def new_device(*, when: str, browser: str, address: str, password_url: str) -> Content:
    """A browser that was never seen before signed in."""
    return message(
        "new_device",
        "Sign-in from a new device",
        facts(("When", when), ("Browser", browser), ("Address", address)),
        Paragraph("If that was you, there is nothing to do. If not, change your password now."),
        Button("Change the password", password_url),
    )
