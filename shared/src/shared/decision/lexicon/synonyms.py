"""Words that may stand for one another in a question without changing its answer.

One group a line; a word is in at most one group (tested). Only pairs that keep the answer in
nearly every sentence belong here: near-synonyms with a different scope ("lawyer", "judge") do not.
Inflections follow from the stemmer and from ``irregular.py``. Written by hand for WatchLLM.
"""

GROUPS = """
parcel package
browsing browser
faucet tap
birthday bday
mold mould
pajamas pyjamas
plow plough
hiccup hiccough
begin start commence
buy purchase
fix repair mend
quick fast rapid speedy swift quickly rapidly swiftly speedily
big large huge
small tiny
smart intelligent clever
movie film
car automobile auto
bike bicycle
phone telephone cellphone smartphone mobile cellular handset
photo picture photograph pic image
pc computer
notebook laptop
television tv telly
fridge refrigerator
couch sofa
kid child
mom mother mum mommy
dad father daddy
grandma grandmother
grandpa grandfather
doctor physician
attorney lawyer
cop policeman
teacher instructor
job employment
salary pay wage remuneration
company firm corporation
shop store
supermarket grocery
holiday vacation
trip journey
country nation
house home
apartment flat
garbage trash rubbish waste
elevator lift
gas petrol gasoline
illness disease sickness
sick ill
ache pain
medicine medication
remedy cure
hospital infirmary
stomach belly tummy
slim thin skinny slimming
rich wealthy affluent
poor impoverished
famous renowned
important significant crucial
essential vital
necessary needed required
difficult hard tough
easy simple straightforward effortless
easily simply effortlessly
cheap inexpensive
expensive costly pricey
beautiful gorgeous
ugly unattractive
happy glad joyful
sad unhappy
scared afraid frightened
tired exhausted weary
hungry starving
strange weird
wrong incorrect
correct accurate
error mistake
problem issue trouble
reply respond
ask inquire
tell inform
help assist aid
assistance helping
show display
explain clarify elucidate
describe depict
understand comprehend grasp
teach instruct
choose select pick
obtain acquire procure
make create
build construct
produce manufacture
remove eliminate delete erase
change modify alter
replace substitute
improve enhance
boost increase
reduce decrease lessen diminish lower
stop quit cease
prevent avert
avoid evade
end terminate
happen occur transpire
permit allow
forbid prohibit ban
require necessitate
utilize use
usage utilization
gather collect
connect link
attach affix
search seek
locate pinpoint
invent devise
reveal disclose
hide conceal
speak talk
shout yell
look gaze
observe notice
forget misremember
recall remember
love adore
hate detest despise loathe
want desire wish
attempt try
walk stroll
sleep slumber
die perish
kill slay
injure hurt
marry wed
method technique
way manner
goal aim objective
purpose intent
idea notion
opinion viewpoint
advantage benefit upside pro
disadvantage drawback downside con
difference distinction
similarity resemblance
example instance
characteristic trait attribute
component constituent
quantity amount
size dimension
price cost
refund reimbursement reimburse
bill invoice
employee worker
boss supervisor
colleague coworker
friend buddy pal
enemy foe
people persons folks
population inhabitants
citizen national
ocean sea
forest woods
mountain mount
soil dirt
airplane plane aeroplane aircraft
airport aerodrome
ship vessel
exam examination
pupil student
meaning signification
language tongue
author writer
song tune
internet web
webpage site website
application app
programming coding
programmer coder
developer dev
database db
directory folder
message msg
account acct
login signin logon
logout signout logoff
register enroll
cancel abort
reset reinitialize
restart reboot
uninstall deinstall
configuration settings setting config
integer int
boolean bool
repository repo
javascript js
typescript ts
python py
kubernetes k8s
postgresql postgres
documentation docs
administrator admin
authentication auth
information info details
advice tip suggestion guidance recommendation
advise recommend suggest
schedule timetable
delay postpone
annual yearly
daily everyday
frequently often
rarely seldom
approximately roughly
nearly almost
completely entirely totally fully wholly
mainly mostly chiefly
maybe perhaps possibly
however nevertheless
therefore thus hence
immediately instantly
especially particularly
usually normally typically generally
correctly properly
effectively successfully
safe secure
dangerous hazardous risky
harmful damaging detrimental
healthy wholesome
toxic poisonous
contagious infectious
permanent lasting
numerous many
several various multiple
common widespread
unusual uncommon
rare scarce
normal ordinary
special exceptional
modern contemporary
elderly aged
teenager teen adolescent
newborn neonate
infant baby
canine dog
feline cat
puppy pup
kitten kitty
bug insect defect
snake serpent
bathroom restroom washroom
toilet lavatory
rug carpet
curtain drape
pants trousers
sweater jumper
cookie biscuit
eggplant aubergine
zucchini courgette
cilantro coriander
shrimp prawn
corn maize
peanut groundnut
nutritious nourishing
alcohol liquor booze
inebriated drunk
hangover veisalgia
cigarette cig
perspiration sweat
flu influenza
fever pyrexia
headache cephalalgia
pimple acne zit
wound injury
scar cicatrix
vomit puke
pregnant expecting pregnancy
mental psychological
anxiety nervousness
depressed despondent
lazy indolent
courageous brave
honest truthful
polite courteous
rude impolite
generous charitable
stingy miserly
funny humorous amusing
boring dull
interesting fascinating
amazing awesome incredible
terrible horrible awful
great excellent good best top
perfect flawless
wash launder
freeze congeal
mix blend
cut slice
bend flex
throw toss
send transmit
rise ascend
expand enlarge
extend lengthen
shorten abbreviate
calculate compute determine
measure gauge
solve resolve
analyze analyse examine
verify confirm validate
check inspect
protect safeguard
attack assault
invade encroach
conquer vanquish overcome
compete vie
participate partake
organize organise
recognize recognise
realize realise
apologize apologise
color colour
favorite favourite
behavior behaviour
center centre
theater theatre
license licence
defense defence
program programme
meter metre metres
kilometer kilometre kilometres km kms
centimeter centimetre centimetres cm
millimeter millimetre millimetres mm
kilogram kilograms kg kgs kilo kilos kilogramme
pound lb lbs
ounce oz
foot ft feet
gigabyte gb
megabyte mb
terabyte tb
kilobyte kb
milliliter millilitre ml
liter litre
fiber fibre
gray grey
labor labour
neighbor neighbour
honor honour
humor humour
flavor flavour
jewelry jewellery
tire tyre
aluminum aluminium
mustache moustache
optimize optimise
minimize minimise
maximize maximise
summarize summarise
memorize memorise
prioritize prioritise
visualize visualise
customize customise personalize personalise
authorize authorise
initialize initialise
normalize normalise
serialize serialise
usa america
uk britain
uae emirates
bf boyfriend
gf girlfriend
h2o water
fb facebook
insta instagram
yt youtube
complete finish
entire whole
sibling siblings
vs versus
inquiry query
surname lastname
convert transform
famine starvation
hurricane cyclone
immigrant migrant
inexperienced novice beginner newbie rookie
motorbike motorcycle
obese overweight
profession vocation
quarrel argument
rabbit bunny
religion faith
stairs staircase
subway metro
suitcase luggage baggage
supper dinner
taxi cab
thief robber burglar
vaccine vaccination
vegetable veggie veg
warranty guarantee
wireless cordless
workout exercise
wedding marriage
debug troubleshoot
concatenate join
duplicate copy
money cash
sex intercourse
mathematics math maths
college university
emotion feeling
spouse partner
demonetization demonetisation demonetize demonetise
biggest largest
smallest tiniest
effect impact
inspiring inspirational
hack hacking
upsc ias
gmail googlemail
visit tour
faster quicker
fastest quickest
smarter cleverer
easier simpler
easiest simplest
happier gladder
beneficial advantageous
compulsory mandatory obligatory
relationship relation
technology tech
delicious tasty yummy
swap exchange
illegal unlawful
slogan motto
advertisement advert ad
recruit hire
stupid dumb
stupidest dumbest
hardest toughest
scary terrifying
legit legitimate
celsius centigrade
"""
