"""Each guard: pairs that it must refuse, and a pair that it must let pass."""

import pytest

from shared.decision.alignment import Alignment
from shared.decision.guards import GUARDS, first_refusal
from shared.decision.lexicon import lexicon
from shared.decision.sketch import Sketch

REFUSED = {
    "numbers": [
        ("How many spoons are in 1 cup?", "How many cups are in 1 spoon?"),
        ("How do I convert 5 miles to km?", "How do I convert 6 miles to km?"),
        ("Is 5 more than 10?", "Is 10 more than 5?"),
        ("What is -5 squared?", "What is 5 squared?"),
        ("Who fought in World War I?", "Who fought in WWII?"),
        ("How do I divide 10 and 2?", "How do I divide 2 and 10?"),
    ],
    "operators": [
        ("What is (3 + 4) x 2?", "What is 3 + 4 x 2?"),
        ("What is 2 + 2?", "What is 2 - 2?"),
        ("What does this symbol mean?", "What does this symbol ≈ mean?"),
    ],
    "quotes": [('What does "run" mean?', 'What does "jog" mean?')],
    "acronyms": [("What is the capital of the EU?", "What is the capital of the union?")],
    "characters": [
        ("What is plan b?", "What is plan c?"),
        ("What is vitamin A?", "What is vitamin I?"),
    ],
    "frame": [
        ("How do vaccines work?", "Do vaccines work?"),
        ("Why do people yawn?", "When do people yawn?"),
    ],
    "negation": [
        ("Why does my cat eat grass?", "Why doesn't my cat eat grass?"),
        ("Is it bad not to eat?", "Is it not bad to eat?"),
        ("Can I be ill and not be insane?", "Can I not be ill and be insane?"),
    ],
    "strict-words": [
        ("Can I eat only fruit?", "Can I eat fruit?"),
        ("Do I leave it to my only son?", "Do I leave it to only my son?"),
    ],
    "persons": [
        ("How do I forgive him?", "How do I forgive her?"),
        ("How do I tell if he loves me?", "How do I tell if I love him?"),
        ("How can I read someone's messages?", "How can I read my messages?"),
        ("How do I interview for a job?", "How do I interview someone for a job?"),
        ("What is the worst thing you did?", "What is the worst thing you did to someone?"),
    ],
    "modal": [
        ("Can I drink tap water?", "Can I and should I drink tap water?"),
        ("What questions can't be answered?", "What questions shouldn't be answered?"),
    ],
    "tense": [
        ("Who plays Batman?", "Who played Batman?"),
        ("Where is the royal family?", "Where was the royal family?"),
        ("How many songs have been sung?", "How many songs have you sung?"),
        ("How long have dogs lived with us?", "How long do dogs live with us?"),
    ],
    "asides": [("What is a mortgage and when is it paid?", "What is a mortgage?")],
    "voice": [
        ("How can I be loved?", "How can I love?"),
        ("What should I do if I am attacked?", "What should I do if I attack?"),
        ("How do I get trained as a pilot?", "How do I train as a pilot?"),
    ],
    "opposites": [
        ("How do I buy a house?", "How do I sell a house?"),
        ("Which is the best and worst film?", "Which is the worst film?"),
    ],
    "contrast": [("Who lives in Paris?", "Who lives in Berlin?")],
    "names": [("Who is Anna Freud?", "Who is Anna Jung?")],
    "nominal": [("What is a process?", "What is processing?")],
    "arguments": [
        ("Can a lion kill a tiger?", "Can a tiger kill a lion?"),
        ("Was Brutus killed by Caesar?", "Was Caesar killed by Brutus?"),
        ("Is the University of Miami good?", "Is Miami University good?"),
        ("What is cheap food for dogs?", "What is food for cheap dogs?"),
        ("What are French history books?", "What are history books in French?"),
        ("Do dogs hate cats and mice?", "Do mice and dogs hate cats?"),
        (
            "What is the worst thing in your best year?",
            "What is the best thing in your worst year?",
        ),
        ("Do I add milk and then tea?", "Do I add tea and then milk?"),
    ],
    "marks": [
        ("How dense is mercury compared to lead?", "How dense is Mercury compared to lead?"),
        ("How do I clean up windows quickly?", "How do I clean up Windows quickly?"),
        ("How much is twenty five-dollar bills?", "How much is twenty-five dollar bills?"),
    ],
    "inflection": [("How can I be less annoyed?", "How can I be less annoying?")],
    "letter-case": [
        ("Is Co a chemical element?", "Is CO a chemical element?"),
        ("How many mW make one kW?", "How many MW make one kW?"),
        ("What does grep -v do?", "What does grep -V do?"),
    ],
    "articles": [
        ("What is iron used for?", "What is an iron used for?"),
        ("Is negative seven even a number?", "Is negative seven an even number?"),
        ("What is the best way to put on weight?", "What is the best way to put on weights?"),
    ],
    "pronouns": [
        ("How can I see who blocked me?", "How can I see who I blocked?"),
        ("How do I make someone love me?", "How do I make me love someone?"),
    ],
    "links": [
        ("What can I do with my boss?", "What can I do for my boss?"),
        ("How do I break in new shoes?", "How do I break new shoes?"),
        ("What are pivot cups for?", "What are pivot cups?"),
        ("What is in catnip?", "What is catnip?"),
        ("Should I buy a cat or a dog?", "Should I buy a cat and a dog?"),
        ("Is Earth in a black hole?", "Is Earth a black hole?"),
        ("How do I search for jobs at Google?", "How do I search for jobs on Google?"),
        ("How can I sell a house to my parents?", "How can I sell a house for my parents?"),
        ("How can I get flights in Paris?", "How can I get flights to Paris?"),
        ("What are good books about Proust?", "What are good books of Proust?"),
        ("What was she known as before fame?", "What was she known for before fame?"),
        ("Which numbers are divisible by 3 and 5?", "Which numbers are divisible by 3 or 5?"),
        ("How do I train as a boxer?", "How do I train my boxer?"),
        ("How do I stop a running toilet?", "How do I stop running to the toilet?"),
        ("Is it rude to laugh at someone?", "Is it rude to laugh with someone?"),
        ("Which artists did he influence?", "Which artists was he influenced by?"),
    ],
    "substitution": [
        ("How do I sharpen a knife?", "How do I hold a knife?"),
        ("Is acceleration a vector?", "Is velocity a vector?"),
        ("How do I fix an overexposed photo?", "How do I fix an underexposed photo?"),
    ],
    "unaligned": [
        ("How do I make pancakes?", "How do I make vegan pancakes?"),
        ("Who is the best mayor of Rome?", "Who is the mayor of Rome?"),
        ("What is a CMS?", "What is a good CMS?"),
        (
            "What is the difference between delusion, allusion and illusion?",
            "What is the difference between delusion and illusion?",
        ),
    ],
}
PASSED = {
    "numbers": ("How many minutes are in two hours?", "How many minutes are in 2 hrs?"),
    "operators": ("What is 2 + 2?", "What's 2 + 2?"),
    "quotes": ('What is the "golden ratio"?', "What is the golden ratio?"),
    "acronyms": ("What is the capital of the USA?", "What is the capital of the United States?"),
    "characters": ("What is plan b?", "What's plan B?"),
    "frame": ("How do I learn chess?", "What is the best way to learn chess?"),
    "negation": ("Why don't cats like water?", "Why do cats not like water?"),
    "strict-words": ("Do all birds fly?", "Do every birds fly?"),
    "persons": ("How do I tie a bow tie?", "How do you tie a bow tie?"),
    "modal": ("How can I learn to swim?", "How should I learn to swim?"),
    "tense": ("Who was Rome founded by?", "Who founded Rome?"),
    "asides": ("Why do people yawn?", "What is the reason people yawn?"),
    "voice": ("How can I get promoted?", "How can I be promoted?"),
    "marks": ("What is your New Year Resolution?", "What is your New Year resolution?"),
    "inflection": ("Why am I bored at work?", "Why am I so bored at work?"),
    "letter-case": ("How do I reset my iPhone?", "how do i reset my iphone"),
    "articles": ("How do I write an essay?", "How do I write essay?"),
    "pronouns": ("How do I know if he loves me?", "How do you know if he loves you?"),
    "opposites": ("How do I buy a house?", "How can I buy a house?"),
    "contrast": ("Who lives in Paris?", "Who is living in Paris?"),
    "names": ("Who is Anna Freud?", "who is anna freud"),
    "nominal": ("How do I learn swimming?", "How do I learn to swim?"),
    "arguments": ("What are symptoms of diabetes?", "What are diabetes symptoms?"),
    "links": ("What is the cause of hiccups?", "What is the cause for hiccups?"),
    "substitution": ("How do I fix a bike?", "How do I fix a bicycle?"),
    "unaligned": ("What exactly is a fjord?", "What is a fjord?"),
}


# What one rule or the wording in front of it makes of two questions that ask the same.
ALIKE = [
    ("Should I learn Python 2 or Python 3?", "Should I learn Python 3 or Python 2?"),
    ("Which is better, green tea or black coffee?", "Is black coffee or green tea better?"),
    ("What is the best institute for art training?", "What is the best art training institute?"),
    ("What is the salary of a professor in Texas?", "What is the salary of a Texas professor?"),
    ("What happens if you swallow gum?", "What happens when you swallow gum?"),
    ("What will happen if the moon explodes?", "What would happen if the moon explodes?"),
    ("What were the best films of 2016?", "What are the best films of 2016?"),
    ("What are the best films from 2016?", "What are the best films of 2016?"),
    ("Who was the telephone invented by?", "Who invented the telephone?"),
    ("By whom was Hamlet written?", "Who wrote Hamlet?"),
    ("How is glass made?", "How do you make glass?"),
    ("How are cats and dogs different?", "What is the difference between dogs and cats?"),
    ("How is tea different from coffee?", "What is the difference between tea and coffee?"),
    ("How does it feel to have a twin?", "What is it like to have a twin?"),
    ("How can a person improve their memory?", "How do I improve my memory?"),
    ("How can I be a good mother?", "How can I become a good mother?"),
    ("What exactly does a notary do?", "What does a notary do?"),
    ("Is every bird able to fly?", "Can all birds fly?"),
    ("How do learn chess?", "How do I learn chess?"),
    ("What is the most effective way to remove rust?", "How do I remove rust?"),
    ("Why are we unable to breathe water?", "Why can't we breathe water?"),
    ("What can you cook in half an hour?", "What can you cook in 30 minutes?"),
    ("What is 100 °C in Fahrenheit?", "What is 100 degrees Celsius in Fahrenheit?"),
    ("What is the world's tallest building?", "What is the tallest building in the world?"),
    ("Who was in World War II?", "Who was in the Second World War?"),
    ("What is the bad thing about snow?", "What are the bad things about snow?"),
    ("What makes bread rise?", "What makes bread rise"),
    ("TCP vs UDP", "What is the difference between TCP and UDP?"),
    ("How does tea differ from coffee?", "What is the difference between tea and coffee?"),
    ("What sets tea apart from coffee?", "difference between coffee and tea"),
    ("osmosis meaning", "What is the meaning of osmosis?"),
    ("My dog won't eat, why?", "Why won't my dog eat?"),
    ("How often should a filter be replaced?", "How often should I replace a filter?"),
    ("How do I check if a key exists?", "How do I check whether a key exists?"),
    ("How deep is the lake?", "What is the depth of the lake?"),
    ("How many people live in Canada?", "What is the population of Canada?"),
    ("What is 350 F in Celsius?", "What is 350 degrees Fahrenheit in Celsius?"),
    ("How long is it to a million days?", "How long is it to 1,000,000 days?"),
    ("Just curious, how old is the universe?", "How old is the universe?"),
]  # fmt: skip


def _pair(first: str, second: str) -> Alignment:
    words = lexicon()
    return Alignment(Sketch(first, words), Sketch(second, words))


def test_every_guard_has_examples() -> None:
    names = {name for name, _ in GUARDS}
    assert names == REFUSED.keys() == PASSED.keys()


@pytest.mark.parametrize("name", [name for name, _ in GUARDS])
def test_guard_refuses_its_cases_in_both_directions(name: str) -> None:
    guard = dict(GUARDS)[name]
    for first, second in REFUSED[name]:
        assert guard(_pair(first, second)), (first, second)
        assert guard(_pair(second, first)), (second, first)


@pytest.mark.parametrize("name", [name for name, _ in GUARDS])
def test_guard_lets_a_paraphrase_pass(name: str) -> None:
    guard = dict(GUARDS)[name]
    first, second = PASSED[name]
    assert not guard(_pair(first, second))
    assert not guard(_pair(second, first))


@pytest.mark.parametrize(("first", "second"), ALIKE)
def test_the_same_question_in_other_words_passes_all(first: str, second: str) -> None:
    assert first_refusal(_pair(first, second)) is None
    assert first_refusal(_pair(second, first)) is None


def test_an_answer_with_reasons_serves_a_question_without_but_not_the_other_way_round() -> None:
    asked, cached = "Is Phoenix a good place to live?", "Is Phoenix a good place to live? Why?"
    assert first_refusal(_pair(asked, cached)) is None
    assert first_refusal(_pair(cached, asked)) == "asides"


def test_guards_are_documented() -> None:
    for name, guard in GUARDS:
        assert (guard.__doc__ or "").strip(), name


def test_first_refusal_names_the_guard() -> None:
    assert first_refusal(_pair("How do I buy a house?", "How do I sell a house?")) == "opposites"
    assert first_refusal(_pair("How do I buy a house?", "How can I buy a house?")) is None
