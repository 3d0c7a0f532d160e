"""Acronyms spelt out: "what does the Federal Bureau of Investigation do" is "what does the FBI do".

Read before a prompt is embedded, because the two spellings share no word. Only expansions that mean
the acronym in any sentence belong here. Written by hand for WatchLLM.
"""

# ruff: noqa: E501 -- word lists read better as running text

import re

EXPANSIONS = """
FBI: federal bureau of investigation; CIA: central intelligence agency; NASA: national aeronautics and space administration; NATO: north atlantic
treaty organization, north atlantic treaty organisation; UN: united nations; EU: european union; WHO: world health organization, world health
organisation; IRS: internal revenue service; FDA: food and drug administration; CDC: centers for disease control; IMF: international monetary fund;
WTO: world trade organization; SEC: securities and exchange commission; DNA: deoxyribonucleic acid; RNA: ribonucleic acid; ATP: adenosine
triphosphate; ADHD: attention deficit hyperactivity disorder; OCD: obsessive compulsive disorder, obsessive-compulsive disorder; PTSD: post traumatic
stress disorder, post-traumatic stress disorder; UTI: urinary tract infection; IBS: irritable bowel syndrome; COPD: chronic obstructive pulmonary
disease; MRI: magnetic resonance imaging; CPR: cardiopulmonary resuscitation; BMI: body mass index; GDP: gross domestic product; GNP: gross national
product; ROI: return on investment; CEO: chief executive officer; CFO: chief financial officer; CTO: chief technology officer; IPO: initial public
offering; ETF: exchange traded fund, exchange-traded fund; APR: annual percentage rate; VAT: value added tax, value-added tax; HOA: homeowners
association; API: application programming interface; CPU: central processing unit; GPU: graphics processing unit; SSD: solid state drive, solid-state
drive; VPN: virtual private network; LAN: local area network; DNS: domain name system; ISP: internet service provider; URL: uniform resource locator;
HTML: hypertext markup language, hyper text markup language; CSS: cascading style sheets, cascading style sheet; SQL: structured query language; HTTP:
hypertext transfer protocol; FTP: file transfer protocol; SSH: secure shell; OCR: optical character recognition; 2FA: two factor authentication,
two-factor authentication; IDE: integrated development environment; OOP: object oriented programming, object-oriented programming; LLM: large language
model; NLP: natural language processing; IOT: internet of things; LED: light emitting diode, light-emitting diode; GPS: global positioning system;
USB: universal serial bus; ATM: automated teller machine; UFO: unidentified flying object; EV: electric vehicle; RV: recreational vehicle; HVAC:
heating ventilation and air conditioning; AC: air conditioner, air conditioning; DIY: do it yourself, do-it-yourself; FAQ: frequently asked question;
GPA: grade point average; MBA: master of business administration; PHD: doctor of philosophy; NBA: national basketball association; NFL: national
football league
"""
_ACRONYM = {
    spelt.strip(): line.partition(":")[0]
    for line in " ".join(EXPANSIONS.split()).split("; ")
    for spelt in line.partition(":")[2].split(",")
}
_FIRST = frozenset(re.split(r"[ -]", spelt)[0] for spelt in _ACRONYM)


_PATTERN = re.compile(
    rf"\b({'|'.join(sorted(_ACRONYM, key=len, reverse=True))})(s?)\b", re.IGNORECASE
)


def contracted(text: str) -> str:
    """The prompt with acronyms instead of what they stand for; the same string without any."""
    if _FIRST.isdisjoint(text.lower().replace("-", " ").split()):
        return text
    return _PATTERN.sub(lambda found: _ACRONYM[found[1].lower()] + found[2].lower(), text)
