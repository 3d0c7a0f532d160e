"""Multi-word expressions, and the shorter wording or question frame that they are compared as.

An entry is a target and the wordings that stand for it; they are looked up among lower-case words
after contractions are opened, and the longest match at a position wins. ``LEADS``: openings that
ask nothing themselves. ``FRAMES``: question openings, looked up after ``PHRASES``: "need to" is
"must" by then.

Rules of this file: a wording is here if it matched at least three of 90,115 questions
(``tools/semantic/table_use.py``) or reads a unit, and only if it keeps the meaning in any sentence:
an idiom and its near-synonym ("figure out", "discover") are not one. Written by hand for WatchLLM.
"""
# ruff: noqa: E501 -- tables of words read better as running text

LEADS = """
please, tell me, can you tell me, help, i must know, do you know, i want to know, i would like to know, please tell me,
let me know, can you please, so, hi, could you tell me, can you suggest, can you explain, hey, hello, could you please,
would you tell me, please explain, can you recommend, would you please, can you please tell me, please let me know,
can you please explain, can you explain to me, explain to me, will you tell me, hi there, could you please tell me,
hey there, i wonder, i was wondering, does anyone know, hello there, any idea, can someone tell me, do you have any idea,
can someone explain, i have a question, kindly, excuse me, quick question, just curious
"""

# Stand for each of their wordings in ``FRAMES``.
PLACEHOLDERS = {
    "{who}": ("i", "we", "you", "one", "someone", "anyone", "a person", "people"),
    "{way}": (
        "the way", "the best way", "best way", "a way", "a good way", "an effective way",
        "the easiest way", "an easy way", "the right way", "the proper way", "the correct way",
        "the most effective way", "the most efficient way", "the simplest way", "the best possible way",
        "the procedure", "the process", "the method", "the best method", "the steps", "steps",
        "the ways", "the best ways", "some ways", "ways", "good ways", "some good ways", "easy ways",
        "the easiest ways", "the different ways", "different ways", "some of the best ways",
        "effective ways", "best ways", "some effective ways", "some best ways", "some easy ways",
        "the easy ways", "the good ways", "the effective ways",
    ),
}  # fmt: skip

FRAMES = """
how: how to, how do {who}, how does {who}, how can {who}, how could {who}, how should {who}, how would {who}, how will {who}, how must {who}, how {who} can, how {who}
how: how do {who} go about, how can {who} go about, how should {who} go about, how would {who} go about, show me how to, teach me how to, explain how to
how: what is {way} to, what are {way} to, what is {way} of, what are {way} of, what is {way} for, what are {way} for, which is {way} to, which are {way} to, what would be {way} to, {way} to, what the best way to
how: is there {way} to, are there {way} to, is there any way to, are there any ways to, is there a way {who} can, is there any way {who} can
how: what should {who} do to, what can {who} do to, what do {who} do to, what must {who} do to, what do {who} must do to, what should be done to, what can be done to, what steps should {who} take to, what steps do {who} must take to
how: tips for, tips to, tips on how to, what are some tips for, what are some tips to, i want to, i must, i would like to, i need help to
what: what is, what are, what are some, what are some of, what would be, what are some common, which, which is, which are, which one is, are there any good, are there some good
what: give me, give me a list of, give me some, show me, list, explain, provide, name, name some, describe
what example: what are some examples of, what are examples of, what is an example of
what was: what was, what were, which was
what does: what do, what does, what does the term
mean: what is the meaning of, what is the definition of, what is meant by, what do you mean by, what do you understand by, what is the concept of, define, definition of, meaning of
about: what do you know about, what can you tell me about, tell me about
why: why, why is it that, how come, for what reason, what is the reason for, what is the reason behind, what is the reason why, what is the reason that, what is the reason of, what are the reasons for, what are the reasons behind, what are the reasons why, what are some reasons for, what is the main reason for
cause: what causes, what can cause, what is the cause of, what are the causes of, what are some causes of
what should do if: what should {who} do if, what should {who} do when, what do {who} do if, what do {who} do when, what can {who} do if, what to do if, what to do when
what would happen if: what would happen if, what if, what happens if, what happens when, what will happen if, what will happen when, what would happen if i
where can: where can {who}, where could {who}, where do {who}, where should {who}, where can, where should
where is: where is, where are, what is the location of
where: where do, where does
where was: where did, where was, where were
who: who, who is, who are, whom
who was: who was, who were, who did
when is: when is, when are
when: when do, when does
when was: when did, when was, when were, what year was, what year did
when should: when should {who}, when should
how long should: how long should {who}, how long should
how long can: how long can {who}, how long can, how long could {who}
how often should: how often should {who}, how often should, how frequently should {who}
how long: how long does it take to, how long will it take to, how long would it take to, how much time does it take to, how much time would it take to, how much time do {who} must
how long for: how long does it take for
how long is: how long
how many: how many, number of, the number of, what is the number of, what is the total number of, what number of
how much: how much, how much is, how much are
cost-verb: how much does, how much do
cost: how much does it cost to, how much would it cost to, how much will it cost to, what does it cost to, what is the cost of, what is the cost for, what is the cost to
price: what is the price of, what is the price for
like to: what is it like to, how is it like to, what does it feel like to, how does it feel to, how does it feel like to
how is: how is, how are
how was: how was, how were
age: how old is, what is the age of
how big: how big, how large, what is the size of
depth: how deep is, how deep are, what is the depth of
how fast: how fast, how fast can, what is the speed of
population: how many people live in, how many people are there in, what is the population of
how good: how good
how bad: how bad
how far: how far
how high: how high
how often: how often
what should: what should
what will: what will
what would: what would
what can: what can
what did: what did
when will: when will
whose: whose
"""

PHRASES = """
check whether: check if; know if: know whether, tell if, see if, find out if; have: have got, has got; capital: capital city; learn to: learn how to;
without: with no; book: book to read; movie: movie to watch; game: game to play; laptop: laptop to buy; phone: phone to buy; car: car to buy; all:
every, each; some: a few; many: a lot of, lots of, plenty of; to: in order to, so as to; and: as well as; because: due to, because of; instead:
instead of, in place of; except: other than, apart from, aside from; below: less than; above: more than; about: with respect to, in regard to,
regarding; in: in terms of; online: on line, on the internet, on internet, from the internet, using the internet, through online; startup: start up;
shutdown: shut down; signup: sign up, signing up; login: log in, logging in; login to: log into; logout: log out; signin: sign in, signing in; enable:
turn on, switch on, turning on; disable: turn off, switch off, turning off; setup: set up, setting up; wakeup: wake up, waking up; care: take care of;
earn money from: earn money on, earn money through, earn money using, earn money in, earn money with, earn from, earn through, make money on, make
money from, make money with, make money through, make money using; earn money: make money; improve: improve on; marry: get married, getting married;
remove: get rid of, got rid of, getting rid of; slim: lose weight, losing weight, weight loss; fatten: put on weight, gain weight, weight gain;
conceive: get pregnant, become pregnant; usa: united states of america, united states, the us, the states; uk: united kingdom; nyc: new york city;
world war 1: world war i, world war one, wwi, ww1; world war 2: world war ii, world war two, second world war, wwii, ww2; world war 3: world war iii,
world war three, third world war, ww3; ai: artificial intelligence; ml: machine learning; os: operating system; ui: user interface; seo: search engine
optimization; cellphone: cell phone; smartphone: smart phone; icecream: ice cream; highschool: high school; realestate: real estate; email: e mail,
email address; ebook: e book; website: web site; webpage: web page; database: data base; bankaccount: bank account; creditcard: credit card;
debitcard: debit card; phonenumber: phone number; youtube: you tube; mount: mt; mindblowing: mind blowing; advantages and disadvantages: pros and
cons; difference: difference between, differences between, distinguish between, differ from, differs from, different from; versus: compared to,
compared with, in comparison to; free: for free, free of cost; alone: by myself, on my own, by yourself, on your own; first time: for the first time;
mutual: each other; is: is located; are: are located; must: has to, have to, need to, needs to, has got to, have got to, gotta; should: ought to,
supposed to; can: be able to, is able to, able to; can i: is it possible to, is it possible for me to, am i allowed to, is it ok to, is it okay to; is
safe: is it safe to; formerly: used to; will: going to, gonna; what: what kind of, what kinds of, what type of, what types of, what sort of, which
kind of, which type of; what hour: what time; quickly: as soon as possible, asap; stepwise: step by step; globally: all over the world, around the
world, in the world, worldwide; daily: every day, each day, per day, a day; weekly: every week, per week, a week; monthly: every month, per month, a
month; yearly: every year, per year, a year, each year, annually; 1 hour: an hour; 30 minutes: half an hour; celsius: degrees celsius, degree celsius;
fahrenheit: degrees fahrenheit, degree fahrenheit; 12: a dozen; few: a couple of; percent: percent of; sqft: square feet, square foot; year: years
old, year old; nobody: no one; someone: some one; anyone: any one; want to: wanna; you: u; please: pls, plz; toward: towards; through: via, thru; on:
upon; while: whilst; until: till, til; can not: unable to, not able to, is not able to, are not able to; ever: of all time, of all times; what is:
what do you think is; what are: what do you think are; who is: who do you think is; who will: who do you think will; english speaking: speak english;
learn: start learning, start to learn; hardest: most difficult; harder: more difficult; opinion on: opinion about; english: english language
"""
