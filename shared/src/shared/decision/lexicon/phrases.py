"""Multi-word expressions and the shorter wording they are compared as.

``PHRASES``: ``long wording > short wording``, applied to lower-case words after contractions are
opened; the longest match at a position wins. ``LEADS``: openings that ask nothing themselves.
``FRAMES``: question openings and the frame they stand for, looked up after ``PHRASES``: "need to"
is "must" by then. Written by hand for WatchLLM.
"""

LEADS = """
please
hi
hello
hey
hey there
kindly
ok
okay
so
well
excuse me
quick question
just wondering
i was wondering
i wonder
i am wondering
i would like to know
i want to know
i must know
i am curious
i am curious to know
i have a question
do you know
do you happen to know
does anyone know
does anybody know
do you have any idea
any idea
can you tell me
can you please tell me
could you tell me
could you please tell me
would you tell me
will you tell me
can anyone tell me
can someone tell me
can anybody tell me
can you explain to me
can you explain
can you please explain
could you explain
could you please explain
could you explain to me
can someone explain
can someone explain to me
can anyone explain
please explain
explain to me
tell me
please tell me
let me know
please let me know
i do not know
i do not understand
help me understand
can you help me understand
could you help me understand
can you please
could you please
would you please
can you recommend
could you recommend
can you suggest
could you suggest
would you mind telling me
in your opinion
sorry if this is a dumb question but
sorry if this is a stupid question but
this might be a dumb question but
just curious
out of curiosity
help
so basically
basically
hello support team
hi support team
hi there
hello there
hi everyone
hey everyone
good morning
good afternoon
anyone know
anybody know
does anyone here know
i must know to
i am looking to find out
i am trying to understand
i was just wondering
i was curious
i am new to this
serious question
according to you
in general
"""

# Stand for each of their words in ``FRAMES``.
PLACEHOLDERS = {
    "{who}": (
        "i", "we", "you", "one", "someone", "somebody", "anyone", "anybody", "a person", "people",
    ),
    "{best}": (
        "best", "best possible", "easiest", "simplest", "right", "proper", "correct",
        "most effective", "most efficient",
    ),
    "{good}": ("good", "easy", "simple", "effective", "efficient", "great", "useful", "different"),
}  # fmt: skip

FRAMES = """
how deep is > depth
how deep are > depth
what is the depth of > depth
how heavy is > weight
what is the weight of > weight
how wide is > width
what is the width of > width
what is the population of > population
how many people live in > population
how many people are there in > population
what is the speed of > how fast
what is the size of > how big
number of > how many
the number of > how many
what is the total number of > how many
how would {who} go about > how
how do {who} go about > how
how should {who} go about > how
how can {who} go about > how
what are the {best} ways for {who} to > how
what are the {best} steps to > how
the {best} way to > how
{best} way to > how
{best} ways to > how
tips for > how
tips to > how
tips on how to > how
some tips for > how
what are some tips for > how
what are tips for > how
what are the best tips for > how
what are good tips for > how
instructions on how to > how
a guide to > how
guide to > how
what is the {best} method for > how
what is the {best} method of > how
what is the {best} technique for > how
what is the {best} technique to > how
what is the {best} strategy to > how
what is the {best} strategy for > how
what is the {best} approach to > how
what is a {good} method to > how
what is a {good} method for > how
what is a {good} strategy for > how
what is a {good} strategy to > how
what are {good} methods to > how
what are the {best} methods to > how
what are the {best} methods for > how
what are the steps in > how
what are the steps of > how
steps for > how
steps in > how
how does a person > how
how does anyone > how
what does the term > what does
explain the meaning of > mean
explain the term > mean
explain the concept of > mean
what is the concept of > mean
what exactly is meant by > mean
definition for > mean
what is the definition for > mean
can you define > mean
what explains > why
what is the explanation for > why
what are some causes of > cause
what are the main causes of > cause
what are common causes of > cause
what are the common causes of > cause
causes of > cause
reasons for > why
reason for > why
reasons why > why
the reason for > why
the reasons for > why
in what month was > what month was
what year is > when is
at what time does > when
what is the date of > when is
where might {who} > where can
what places can {who} > where can
is there any place {who} can > where can
is there a place {who} can > where can
is there anywhere {who} can > where can
how long must {who} > how long should
for how long should {who} > how long should
for how long can {who} > how long can
how long can {who} > how long can
how long could {who} > how long can
how frequently should {who} > how often should
how often should {who} > how often should
how often should > how often should
how frequently should > how often should
how long should > how long should
how long can > how long can
when should > when should
where can > where can
where should > where can
how often must {who} > how often should
how many times should {who} > how many times should
how do i > how
how do we > how
how do you > how
how does one > how
how do people > how
how does someone > how
how do someone > how
how can i > how
how can we > how
how can you > how
how can one > how
how can someone > how
how can a person > how
how could i > how
how could one > how
how should i > how
how should we > how
how should one > how
how would i > how
how would you > how
how would one > how
how might i > how
how may i > how
how will i > how
how to > how
how must i > how
how i can > how
how one can > how
how we can > how
how you can > how
how am i able to > how
how do i go about > how
how can i go about > how
how do you go about > how
how should i go about > how
how is it possible to > how
how do i manage to > how
what is the way to > how
what the best way to > how
what is best way to > how
what are best ways to > how
which are the best ways to > how
what is the best possible way to > how
what is the best way of > how
what is a good way of > how
what are the best ways of > how
what are good ways of > how
what are the ways of > how
what are some ways of > how
what is an effective way to > how
what are effective ways to > how
what are some effective ways to > how
what is the most effective way to > how
how is it like to > like to
what is it like to > like to
what does it feel like to > like to
how does it feel like to > like to
how does it feel to > like to
are there any good > what
are there some good > what
what would be the best way to > how
what is a way to > how
what are ways to > how
what are the ways to > how
what are some ways to > how
what is the best way to > how
what is a good way to > how
what is the right way to > how
what is the proper way to > how
what is the correct way to > how
what is the best way i can > how
what is the best way for me to > how
what are the best ways to > how
what are good ways to > how
what are some good ways to > how
what are the good ways to > how
what are the different ways to > how
what are different ways to > how
what are some of the best ways to > how
what are some of the ways to > how
what is the easiest way to > how
what is an easy way to > how
what are the easiest ways to > how
what are some easy ways to > how
what are easy ways to > how
what is the simplest way to > how
what is a simple way to > how
what is the best method to > how
what is the method to > how
what is the procedure to > how
what is the procedure for > how
what is the process to > how
what is the process for > how
what is the process of > how
what are the steps to > how
what are the steps for > how
what are steps to > how
what steps should i take to > how
what steps do i must take to > how
what should i do to > how
what should we do to > how
what should one do to > how
what can i do to > how
what can we do to > how
what can one do to > how
what do i do to > how
what do i must do to > how
what do we must do to > how
what do you must do to > how
what must i do to > how
what is the best approach to > how
what is the best technique to > how
what is the trick to > how
in what way can i > how
in what ways can i > how
in which way can i > how
which is the best way to > how
which is the best method to > how
is there a way to > how
is there any way to > how
is there a way i can > how
is there any way i can > how
is there a good way to > how
are there any ways to > how
best way to > how
the best way to > how
best ways to > how
good way to > how
ways to > how
steps to > how
i want to know how to > how
i must know how to > how
i want to learn how to > how
show me how to > how
teach me how to > how
explain how to > how
describe how to > how
describe how > how
explain how i can > how
explain how i > how
help me to > how
help me > how
i need help to > how
i am trying to > how
i must > how
i want to > how
i would like to > how
instructions for > how
instructions to > how
what should i do if > what should do if
what should we do if > what should do if
what should one do if > what should do if
what should you do if > what should do if
what do i do if > what should do if
what do we do if > what should do if
what do you do if > what should do if
what can i do if > what should do if
what to do if > what should do if
what should i do when > what should do if
what should we do when > what should do if
what should one do when > what should do if
what should you do when > what should do if
what do i do when > what should do if
what do we do when > what should do if
what do you do when > what should do if
what can i do when > what should do if
what to do when > what should do if
how much does it cost to > cost
how much would it cost to > cost
how much will it cost to > cost
how much do i must pay to > cost
what does it cost to > cost
what would it cost to > cost
what is the cost to > cost
what is the cost of > cost
what is the price of > cost
what is the price for > cost
what is the cost for > cost
how much is the price of > cost
how much is the cost of > cost
how much does > cost-verb
how much do > cost-verb
how much is > how much
how much are > how much
how much time does it take to > how long
how much time is needed to > how long
how much time would it take to > how long
how much time will it take to > how long
how much time do i must > how long
how long does it take to > how long
how long would it take to > how long
how long will it take to > how long
how long does it take for > how long for
how many > how many
what is the number of > how many
what number of > how many
how much > how much
how long > how long is
how often > how often
how frequently > how often
how far > how far
how old is > age
what is the age of > age
how tall is > height
what is the height of > height
how big > how big
how large > how big
how high > how high
how fast > how fast
how fast can > how fast
how good > how good
how bad > how bad
how is > how is
how was > how was
how are > how is
how come > why
why is it that > why
what is the reason for > why
what is the reason behind > why
what is the reason why > why
what is the reason that > why
what are the reasons for > why
what are the reasons why > why
what are the reasons behind > why
for what reason > why
what is the cause of > cause
what are the causes of > cause
what causes > cause
what can cause > cause
why > why
what is the meaning of > mean
what is the definition of > mean
what is meant by > mean
what do you mean by > mean
what do we mean by > mean
what do you understand by > mean
define > mean
define the term > mean
meaning of > mean
definition of > mean
what does > what does
what do > what does
what did > what did
what is > what
what are > what
what are some > what
what are a few > what
what are some common > what
what are some of > what
what was > what was
what were > what was
what will > what will
what would > what would
what would be > what
what should > what should
what can > what can
what would happen if > what would happen if
what would happen if i > what would happen if
what will happen if > what would happen if
what happens if > what would happen if
what happens when > what would happen if
what if > what would happen if
which > what
which is > what
which are > what
which one is > what
what all are > what
name > what
name some > what
list > what
list some > what
give me some > what
give me a list of > what
give me an example of > what example
give an example of > what example
give examples of > what example
what is an example of > what example
what are examples of > what example
what are some examples of > what example
give me > what
give some > what
provide a list of > what
provide > what
show me > what
explain > what
explain what > what
explain what is > what
describe > what
describe what is > what
tell me about > about
tell me more about > about
what can you tell me about > about
what do you know about > about
where is > where
where are > where
where was > where was
where were > where was
where can i > where can
where can we > where can
where can you > where can
where can one > where can
where do i > where can
where do you > where can
where could i > where can
where should i > where can
where does > where
where do > where
where did > where was
where > where
in which place is > where
what is the location of > where
when is > when
when are > when
when was > when was
when were > when was
when did > when was
when does > when
when do > when
when will > when will
when should i > when should
when > when
in which year was > when was
in what year was > when was
what year was > when was
in which year did > when was
in what year did > when was
what year did > when was
on what date did > when was
on which date did > when was
what date did > when was
at what point does > when
who is > who
who are > who
who was > who was
who were > who was
who did > who was
who > who
whom > who
whose > whose
which person > who
how can {who} > how
how do {who} > how
how does {who} > how
how should {who} > how
how could {who} > how
how would {who} > how
how {who} > how
how the {best} way to > how
how is the {best} way to > how
what {who} should do to > how
what {who} can do to > how
what {who} must do to > how
what must {who} do to > how
what do {who} must do to > how
what can be done to > how
what could be done to > how
what should be done to > how
what all can {who} do to > how
how do i best > how
how can i best > how
in what way can {who} > how
in what ways can {who} > how
in which way can {who} > how
in which ways can {who} > how
what should {who} do to > how
what can {who} do to > how
is there a way {who} can > how
is there any way {who} can > how
what is the {best} way {who} can > how
what is the {best} way for {who} to > how
what is the {best} way to > how
what is the {best} way of > how
what is {best} way to > how
what would be the {best} way to > how
what are the {best} ways to > how
what are the {best} ways of > how
what are some {best} ways to > how
what are some of the {best} ways to > how
which is the {best} way to > how
which are the {best} ways to > how
what is a {good} way to > how
what is a {good} way of > how
what are {good} ways to > how
what are {good} ways of > how
what are the {good} ways to > how
what are some {good} ways to > how
what are some {good} ways of > how
is there a {good} way to > how
are there any {good} ways to > how
are there ways to > how
is there any possible way to > how
what are the steps involved in > how
what is the procedure of > how
what should {who} do if > what should do if
what should {who} do when > what should do if
what can {who} do if > what should do if
what can {who} do when > what should do if
when should {who} > when should
where can {who} > where can
where should {who} > where can
where could {who} > where can
how long should {who} > how long should
what happen if > what would happen if
what would happen when > what would happen if
what will happen when > what would happen if
what could happen if > what would happen if
what could be the reason for > why
what might be the reason for > why
what is the main reason for > why
what is the reason of > why
what are the reasons of > why
what are some reasons for > why
what are some of the reasons for > why
what are the main reasons for > why
which was > what was
which were > what was
"""

PHRASES = """
check if > check whether
test if > test whether
see if > know if
determine if > know if
determine whether > know if
get over > recover
recover from > recover
getting over > recover
have got > have
has got > have
has got to > must
have got to > must
get to sleep > sleep
vs . > vs
toll free > tollfree
who is the founder of > who founded
who was the founder of > who founded
who are the founders of > who founded
who is the author of > who wrote
who was the author of > who wrote
who is the writer of > who wrote
who is the inventor of > who invented
who was the inventor of > who invented
who is the creator of > who created
who was the creator of > who created
who is the director of > who directed
who was the director of > who directed
who is the discoverer of > who discovered
who was the discoverer of > who discovered
who is the painter of > who painted
who is the composer of > who composed
which city is the capital of > what is the capital of
what city is the capital of > what is the capital of
capital city > capital
learn how to > learn to
without using > without
benefit of using > benefit of
advantage of using > advantage of
disadvantage of using > disadvantage of
most interesting > interesting
most fascinating > interesting
most inspiring > inspiring
book to read > book
movie to watch > movie
song to listen to > song
game to play > game
laptop to buy > laptop
phone to buy > phone
car to buy > car
every other > alternate
every > all
each > all
a few > some
get rid of > remove
got rid of > remove
getting rid of > remove
getting rid > remove
dispose of > remove
a lot of > many
lots of > many
plenty of > many
a number of > many
a large number of > many
in order to > to
so as to > to
as well as > and
along with > with
due to > because
because of > because
in spite of > despite
instead of > instead
rather than > instead
in place of > instead
other than > except
apart from > except
aside from > except
with no > without
not any > no
at least > minimum
at most > maximum
less than > below
more than > above
prior to > before
ahead of > before
subsequent to > after
in the event of > if
in case of > if
provided that > if
as long as > if
with regard to > about
with respect to > about
in regard to > about
regarding > about
concerning > about
on the topic of > about
in terms of > in
for the purpose of > for
by means of > by
with the help of > with
by using > with
look for > search
searching for > search
find out > discover
figure out > discover
come up with > devise
set up > install
setting up > install
sign up > register
signing up > register
sign in > login
signing in > login
log in > login
logging in > login
log into > login to
sign into > login to
log out > logout
sign out > logout
log off > logout
opt out of > unsubscribe
opt out > unsubscribe
turn on > enable
switch on > enable
turn off > disable
switch off > disable
turning off > disable
turning on > enable
shut down > shutdown
power off > shutdown
start up > startup
throw up > vomit
give up > quit
work out > exercise
working out > exercise
pick up > collect
put on > wear
take off > remove
wake up > wake
get up > wake
go to sleep > sleep
fall asleep > sleep
fall in love > love
grow up > mature
break up with > dump
look after > care
take care of > care
caring for > care
carry out > perform
deal with > handle
cope with > handle
get married > marry
get a divorce > divorce
get divorced > divorce
make money > earn money
get money > earn money
lose weight > slim
losing weight > slim
shed weight > slim
drop weight > slim
reduce weight > slim
reduce my weight > slim
weight loss > slim
weight reduction > slim
lose some weight > slim
put on weight > fatten
gain weight > fatten
weight gain > fatten
fall pregnant > conceive
get pregnant > conceive
become pregnant > conceive
have sex > intercourse
make use of > use
take advantage of > exploit
make a decision > decide
make a difference > matter
make sure > ensure
get to know > know
catch fire > ignite
cell phone > phone
mobile phone > phone
smart phone > phone
mobile number > phone number
motor vehicle > car
united states of america > usa
united states > usa
the us > usa
the states > usa
united kingdom > uk
great britain > uk
new york city > nyc
world war ii > world war 2
world war two > world war 2
second world war > world war 2
world war i > world war 1
world war one > world war 1
first world war > world war 1
artificial intelligence > ai
machine learning > ml
operating system > os
user interface > ui
search engine optimization > seo
high blood pressure > hypertension
low blood pressure > hypotension
heart attack > infarction
myocardial infarction > infarction
ice cream > icecream
hot dog > hotdog
high school > highschool
real estate > realestate
e mail > email
e book > ebook
web site > website
web page > website
on line > online
data base > database
pass word > password
user name > username
bank account > bankaccount
credit card > creditcard
debit card > debitcard
phone number > phonenumber
telephone number > phonenumber
email address > email
e mail address > email
environment variable > envvar
environment variables > envvar
pros and cons > advantages and disadvantages
ups and downs > advantages and disadvantages
benefits and drawbacks > advantages and disadvantages
strengths and weaknesses > advantages and disadvantages
difference between > difference
differences between > difference
distinction between > difference
distinguish between > difference
differ from > difference
differs from > difference
different from > difference
compared to > versus
compared with > versus
in comparison to > versus
at home > home
from home > home
these days > now
right now > now
at the moment > now
at present > now
at this time > now
for free > free
free of charge > free
free of cost > free
at no cost > free
at no charge > free
without paying > free
by myself > alone
on my own > alone
by yourself > alone
on your own > alone
for the first time > first time
each other > mutual
one another > mutual
is located > is
are located > are
situated > located
has to > must
have to > must
need to > must
needs to > must
ought to > should
supposed to > should
be able to > can
is able to > can
able to > can
is it possible to > can i
is it possible for me to > can i
am i allowed to > can i
is it ok to > can i
is it okay to > can i
is it safe to > is safe
it is safe to > is safe
capable of > can
used to > formerly
going to > will
what kind of > what
what kinds of > what
what type of > what
what types of > what
what sort of > what
which kind of > what
which type of > what
what time > what hour
as soon as possible > quickly
asap > quickly
as fast as possible > quickly
step by step > stepwise
from scratch > scratch
all over the world > globally
around the world > globally
in the world > globally
worldwide > globally
every day > daily
each day > daily
per day > daily
a day > daily
every week > weekly
per week > weekly
a week > weekly
every month > monthly
per month > monthly
a month > monthly
every year > yearly
per year > yearly
a year > yearly
each year > yearly
annually > yearly
half an hour > 30 minute
an hour > 1 hour
a dozen > 12
a couple of > few
percent of > percent
per cent > percent
square feet > sqft
square foot > sqft
square meters > sqm
square metre > sqm
years old > year
year old > year
c sharp > c#
c plus plus > c++
node js > nodejs
react js > react
no one > nobody
some one > someone
any one > anyone
every one > everyone
every body > everybody
every thing > everything
every where > everywhere
wanna > want to
gonna > will
gotta > must
u > you
pls > please
plz > please
towards > toward
via > through
thru > through
upon > on
amongst > among
whilst > while
till > until
til > until
unable to > can not
not able to > can not
is not able to > can not
are not able to > can not
keep from > avoid
refrain from > avoid
is there going to be > will there be
are there going to be > will there be
would it be possible to > can i
will it be possible to > can i
is it at all possible to > can i
is it even possible to > can i
is it permitted to > can i
is it allowed to > can i
are you allowed to > can you
are we allowed to > can we
am i permitted to > can i
on the internet > online
on internet > online
over the internet > online
over internet > online
through the internet > online
through internet > online
via the internet > online
from the internet > online
from internet > online
using the internet > online
by using the internet > online
using internet > online
from online > online
through online > online
across the world > globally
across the globe > globally
around the globe > globally
throughout the world > globally
all around the world > globally
of all time > ever
of all times > ever
of all the time > ever
earn money on > earn money from
earn money with > earn money from
earn money through > earn money from
earn money via > earn money from
earn money off > earn money from
earn money off of > earn money from
earn money by using > earn money from
earn money using > earn money from
make money on > earn money from
make money from > earn money from
make money with > earn money from
make money through > earn money from
make money via > earn money from
make money off > earn money from
make money off of > earn money from
make money by using > earn money from
make money using > earn money from
make money in > earn money from
earn money in > earn money from
make money by > earn money
earn money by > earn money
make money from home > earn money home
earn money from home > earn money home
make money on the internet > earn money online
earn money on the internet > earn money online
make money from the internet > earn money online
earn money from the internet > earn money online
make money from internet > earn money online
earn money from internet > earn money online
make money on internet > earn money online
earn money on internet > earn money online
make money using the internet > earn money online
earn money using the internet > earn money online
make money through the internet > earn money online
earn money through the internet > earn money online
make money from online > earn money online
earn money from online > earn money online
make money through online > earn money online
earn money through online > earn money online
make money in online > earn money online
earn money in online > earn money online
get better at > improve
become better at > improve
be better at > improve
get better in > improve
become better in > improve
improve at > improve
tell if > know if
tell whether > know if
know whether > know if
find out if > know if
find out whether > know if
figure out if > know if
earn from > earn money from
earn through > earn money from
earn with > earn money from
who do you think is > who is
who do you think will > who will
who do you think would > who would
who do you think should > who should
what do you think is > what is
what do you think are > what are
which do you think is > which is
earn some money using > earn money from
earn some money on > earn money from
earn some money from > earn money from
earn some money through > earn money from
make some money using > earn money from
make some money on > earn money from
make some money from > earn money from
make some money through > earn money from
so good about > appealing about
so great about > appealing about
good about > appealing about
great about > appealing about
improve upon > improve
improve on my > improve my
improve on your > improve my
speak english > english speaking
earn some money > earn money
make some money > earn money
start learning > learn
begin learning > learn
start to learn > learn
begin to learn > learn
start preparing > prepare
begin preparing > prepare
start to prepare > prepare
start my preparation > prepare
start preparation > prepare
begin preparation > prepare
get more > increase
gain more > increase
less expensive > cheaper
less costly > cheaper
least expensive > cheapest
more difficult > harder
most difficult > hardest
grow taller > increase height
get taller > increase height
become taller > increase height
grow tall > increase height
grow in height > increase height
gain height > increase height
grow my height > increase height
increase my height > increase height
increase your height > increase height
birthday present > birthday gift
wedding present > wedding gift
christmas present > christmas gift
opinion about > opinion on
english language > english
get started with > start
get started in > start
get started on > start
get started > start
get start > start
teach how to > teach to
teach kids how to > teach kids to
teach children how to > teach children to
teach a child how to > teach a child to
teach my child how to > teach my child to
teach my dog how to > teach my dog to
teach someone how to > teach someone to
hotel to stay in > hotel in
hotel to stay at > hotel at
book to read for > book for
screen shot > screenshot
water proof > waterproof
smart watch > smartwatch
life style > lifestyle
sun glasses > sunglasses
mind blowing > mindblowing
face book > facebook
you tube > youtube
snap chat > snapchat
mt > mount
mile per hour > mph
kilometer per hour > kmh
km per hour > kmh
kph > kmh
degree celsius > celsius
degree fahrenheit > fahrenheit
degree centigrade > celsius
wwi > world war 1
ww1 > world war 1
ww 1 > world war 1
ww i > world war 1
wwii > world war 2
ww2 > world war 2
ww 2 > world war 2
ww ii > world war 2
wwiii > world war 3
ww3 > world war 3
ww 3 > world war 3
ww iii > world war 3
world war iii > world war 3
third world war > world war 3
"""
