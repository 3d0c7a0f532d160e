"""Words that exclude one another: swapping one for another changes the answer.

``OPPOSITES``: pairs, one ``a/b`` each; members may be in many pairs. ``SETS``: words of one kind
(months, colours, currencies …); two different members never stand for one another, and a member
named by one prompt only makes the prompts different. Written by hand for WatchLLM.
"""
# ruff: noqa: E501 -- word lists read better as running text

OPPOSITES = """
increase/decrease increase/reduce more/less more/fewer most/least better/worse best/worst
higher/lower high/low highest/lowest before/after above/below over/under buy/sell buy/rent
lose/gain lose/win lose/find up/down open/close start/stop start/end start/finish begin/end begin/stop
first/last enable/disable allow/deny allow/block allow/forbid approve/deny approve/reject
accept/reject accept/decline accept/refuse add/remove add/delete create/delete create/destroy build/destroy
install/uninstall import/export push/pull upload/download encrypt/decrypt encode/decode
serialize/deserialize compress/decompress compress/extract zip/unzip connect/disconnect attach/detach lock/unlock
login/logout ascending/descending asc/desc min/max minimum/maximum minimal/maximal shortest/longest
short/long short/tall shorter/longer shorter/taller smallest/largest smallest/biggest small/large small/big smaller/larger smaller/bigger fast/slow
faster/slower fastest/slowest quickly/slowly quick/slow cheap/expensive cheaper/costlier cheapest/expensive hot/cold hotter/colder warm/cool warm/cold heat/cool
old/new old/young older/newer older/younger oldest/newest oldest/youngest early/late earlier/later true/false
yes/no good/bad good/evil safe/dangerous safe/unsafe legal/illegal legally/illegally possible/impossible moral/immoral ethical/unethical
happy/sad happy/unhappy love/hate like/dislike left/right left/stayed north/south east/west northern/southern eastern/western inside/outside
indoor/outdoor indoors/outdoors in/out male/female man/woman men/women boy/girl father/mother dad/mom son/daughter
brother/sister husband/wife boyfriend/girlfriend him/her he/she his/her king/queen prince/princess uncle/aunt nephew/niece grandfather/grandmother grandson/granddaughter actor/actress
win/lose winner/loser pass/fail success/failure succeed/fail positive/negative plus/minus add/subtract addition/subtraction
multiply/divide multiplication/division even/odd public/private input/output sync/async synchronous/asynchronous
server/client internal/external interior/exterior same/different similar/different always/never all/none
all/some all/any every/some with/without include/exclude including/excluding pros/cons pro/con advantage/disadvantage
benefit/drawback benefit/risk benefit/disadvantage strength/weakness strong/weak stronger/weaker rich/poor richest/poorest easy/hard easy/difficult easier/harder easiest/hardest simple/complex simple/complicated light/heavy
lighter/heavier light/dark day/night morning/evening summer/winter borrow/lend give/take give/receive send/receive sender/receiver
arrive/depart arrival/departure arrive/leave employer/employee landlord/tenant teacher/student doctor/patient lawyer/client cancel/keep cancel/renew cancel/confirm renew/terminate
activate/deactivate activation/deactivation block/unblock follow/unfollow mute/unmute hide/show visible/invisible encourage/discourage
agree/disagree appear/disappear maximize/minimize promote/demote promote/prevent cause/prevent cause/cure cause/effect cause/treat upgrade/downgrade expand/contract
expand/shrink ascend/descend rise/fall raise/lower raise/drop grow/shrink weekday/weekend monthly/yearly monthly/annual
daily/weekly debit/credit deposit/withdraw withdrawal/deposit asset/liability profit/loss income/expense revenue/cost local/remote frontend/backend
horizontal/vertical horizontally/vertically row/column upper/lower uppercase/lowercase static/dynamic mutable/immutable
prefix/suffix head/tail top/bottom front/back front/rear forward/backward forwards/backwards past/future past/present question/answer
read/write reader/writer compile/decompile freeze/thaw freezing/boiling boil/freeze melt/freeze
optimistic/pessimistic optimist/pessimist formal/informal domestic/international national/international single/married married/divorced
marry/divorce alive/dead born/died birth/death sunrise/sunset sick/healthy healthy/unhealthy clean/dirty
empty/full wet/dry thick/thin wide/narrow near/far close/far closest/farthest nearest/farthest nearest/furthest introvert/extrovert introverted/extroverted theist/atheist believer/atheist
democrat/republican liberal/conservative get/post lift/drop load/unload load/save save/spend save/delete
mount/unmount bind/unbind wrap/unwrap pack/unpack fold/unfold tie/untie dress/undress plug/unplug cover/uncover
wake/sleep asleep/awake sleep/wake sit/stand push/pop enqueue/dequeue insert/delete commit/rollback merge/split
join/leave enter/exit entrance/exit hire/fire hired/fired employed/unemployed permanent/temporary permanently/temporarily common/rare usual/unusual
often/rarely frequently/rarely maximum/minimum majority/minority major/minor senior/junior inferior/superior
guilty/innocent true/fake real/fake real/imaginary natural/artificial organic/inorganic organic/conventional raw/cooked fresh/stale fresh/frozen fresh/dried
sweet/sour sweet/bitter soft/hard smooth/rough loud/quiet noisy/quiet bright/dim bright/dark polite/rude honest/dishonest loyal/disloyal
fair/unfair just/unjust lucky/unlucky kind/cruel kind/unkind friendly/unfriendly smart/stupid smart/dumb intelligent/stupid wise/foolish brave/cowardly
lazy/hardworking active/passive active/inactive awake/asleep aware/unaware able/unable capable/incapable qualified/unqualified conscious/unconscious
acid/base acidic/alkaline solid/liquid liquid/gas odd/even rational/irrational regular/irregular linear/nonlinear convex/concave
finite/infinite limited/unlimited prime/composite discrete/continuous deterministic/stochastic supervised/unsupervised
offline/online wired/wireless manual/automatic manually/automatically digital/analog virtual/physical mental/physical physical/emotional
direct/indirect directly/indirectly explicit/implicit abstract/concrete singular/plural noun/verb active/retired
victory/defeat war/peace friend/enemy hero/villain ally/enemy attack/defend attack/defense offense/defense predator/prey host/guest host/parasite
buyer/seller lender/borrower creditor/debtor import/exporter supply/demand inflation/deflation bull/bear bullish/bearish long/brief gross/net
fixed/variable fixed/broken taxable/deductible wholesale/retail
ancestor/descendant parent/child parents/children mother/daughter father/son predecessor/successor teacher/pupil master/servant
prevent/spread gain/loss weight/height length/width depth/height width/height tall/short taller/shorter tallest/shortest deep/shallow deepest/shallowest
kill/save harm/help help/hurt harmful/beneficial harmful/harmless useful/useless beneficial/harmful relevant/irrelevant necessary/unnecessary important/unimportant
popular/unpopular known/unknown famous/obscure likely/unlikely certain/uncertain sure/unsure appropriate/inappropriate correct/incorrect correct/wrong right/wrong accurate/inaccurate
valid/invalid complete/incomplete perfect/imperfect mature/immature patient/impatient responsible/irresponsible reversible/irreversible
remember/forget recall/forget learn/teach learn/forget ask/answer trust/distrust respect/disrespect obey/disobey praise/criticize blame/praise reward/punish reward/punishment
attract/repel absorb/emit absorb/reflect inhale/exhale contract/relax evaporate/condense evaporation/condensation
tighten/loosen strengthen/weaken sharpen/blunt harden/soften darken/lighten lengthen/shorten thicken/thin widen/narrow deepen/fill
lend/borrow rent/own lease/own lease/buy own/borrow
vegetarian/carnivorous herbivore/carnivore vegan/meat
hardware/software theory/practice quantity/quality quantitative/qualitative
only/also less/greater greater/smaller fewer/greater
optional/required optional/mandatory mandatory/voluntary voluntary/involuntary
rural/urban coastal/inland lowercase/capital
ancient/modern old/modern traditional/modern
gradual/sudden gradually/suddenly partial/total partially/fully partially/completely
attend/skip arrive/go come/go bring/take
dominant/recessive majority/plurality innate/learned
stay/leave keep/remove keep/discard keep/delete hold/release catch/release
""".replace("\n", " ")

SETS = {
    "month": "january february march april may june july august september october november december",
    "weekday": "monday tuesday wednesday thursday friday saturday sunday weekday weekend",
    "season": "spring summer autumn winter monsoon",
    "time of day": "morning noon afternoon evening night midnight dawn dusk",
    "period": "second minute hour day week month quarter year decade century millennium fortnight",
    "colour": "red blue green yellow orange purple violet black white brown pink gray silver gold cyan magenta beige turquoise navy maroon blonde blond",
    "currency": "dollar euro pound yen rupee yuan peso franc bitcoin ethereum usd eur gbp inr jpy cny krw ruble lira won dinar",
    "continent": "africa asia europe america australia antarctica oceania",
    "country": "afghanistan albania algeria argentina armenia australia austria azerbaijan bahrain bangladesh belarus belgium bhutan bolivia bosnia brazil bulgaria cambodia cameroon canada chile china colombia croatia cuba cyprus czechia denmark ecuador egypt england estonia ethiopia fiji finland france georgia germany ghana greece greenland guatemala haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya korea kuwait laos latvia lebanon libya lithuania luxembourg madagascar malaysia maldives mali malta mexico moldova monaco mongolia morocco mozambique myanmar namibia nepal netherlands nicaragua nigeria norway oman pakistan palestine panama paraguay peru philippines poland portugal qatar romania russia rwanda scotland senegal serbia singapore slovakia slovenia somalia spain sudan sweden switzerland syria taiwan tanzania thailand tibet tunisia turkey uganda ukraine uruguay usa uk uae uzbekistan venezuela vietnam wales yemen zambia zimbabwe ussr",
    "nationality": "afghan african albanian american arab arabic argentine asian australian austrian bangladeshi belgian brazilian british bulgarian canadian chilean chinese colombian croatian cuban czech danish dutch egyptian english estonian ethiopian european filipino finnish french georgian german greek hebrew hindi hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican japanese kenyan korean latin latvian lebanese lithuanian malay malaysian mandarin cantonese mexican moroccan nepali nigerian norwegian pakistani palestinian persian peruvian polish portuguese punjabi romanian russian scottish serbian slovak somali spanish swahili swedish swiss syrian taiwanese tamil telugu thai tibetan turkish ukrainian urdu vietnamese welsh yiddish bengali marathi gujarati kannada malayalam sanskrit esperanto",
    "city": "amsterdam athens atlanta austin baghdad baltimore bangalore bangkok barcelona beijing beirut berlin boston brisbane brussels bucharest budapest cairo calcutta chennai chicago copenhagen dallas damascus delhi denver detroit dhaka dubai dublin edinburgh florence frankfurt geneva hamburg hanoi havana helsinki houston hyderabad istanbul jakarta jerusalem johannesburg kabul karachi kathmandu kiev kolkata lagos lahore lima lisbon london lyon madrid manchester manila melbourne miami milan minneapolis montreal moscow mumbai munich nagoya nairobi naples orlando osaka oslo ottawa paris perth philadelphia phoenix pittsburgh portland prague pune rome sacramento seattle seoul shanghai shenzhen sofia stockholm sydney taipei tehran tokyo toronto turin vancouver venice vienna vilnius warsaw washington wellington zurich",
    "us state": "alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia wisconsin wyoming",
    "religion": "christian christianity muslim islam islamic hindu hinduism buddhist buddhism jewish judaism jew sikh sikhism catholic catholicism protestant atheist atheism orthodox jain jainism taoism mormon",
    "compass": "north south east west northeast northwest southeast southwest",
    "planet": "mercury venus earth mars jupiter saturn uranus neptune pluto moon sun",
    "family": "mother father son daughter brother sister uncle aunt cousin nephew niece grandmother grandfather husband wife girlfriend boyfriend stepmother stepfather fiance fiancee sibling parent spouse baby child teenager adult",
    "person age or sex": "man woman boy girl men women male female",
    "animal": "dog cat horse cow pig sheep goat chicken goose turkey rabbit hamster mouse rat snake lizard turtle tortoise frog toad fish shark whale dolphin octopus squid crab lobster shrimp spider ant bee wasp butterfly moth mosquito bird eagle hawk owl crow parrot penguin ostrich lion tiger leopard cheetah wolf fox bear panda koala kangaroo elephant giraffe rhino hippo zebra camel donkey monkey gorilla chimpanzee ape deer moose squirrel hedgehog otter crocodile alligator dinosaur cockroach bedbug flea tick worm snail puppy kitten",
    "body": "head hair face eye ear nose mouth tooth teeth tongue lip chin cheek neck throat shoulder arm elbow wrist hand finger thumb nail chest breast waist stomach hip leg thigh knee ankle foot feet toe heel skin bone muscle brain heart lung liver kidney bladder bowel spine blood urine",
    "language or runtime": "python java javascript typescript ruby perl php rust golang kotlin swift scala haskell erlang elixir clojure fortran cobol matlab julia lua dart bash powershell sql html css c c++ c# vba assembly lisp prolog nodejs node",
    "framework": "django flask fastapi rails laravel spring express react angular vue svelte jquery bootstrap nextjs nuxt pytorch tensorflow keras numpy pandas scikit spark hadoop",
    "database": "mysql postgresql sqlite mongodb redis cassandra oracle mariadb dynamodb elasticsearch neo4j couchdb firebase supabase snowflake bigquery",
    "operating system": "windows linux macos mac ubuntu debian fedora centos android ios iphone ipad blackberry unix chromebook",
    "browser": "chrome firefox safari edge opera explorer",
    "cloud": "aws azure gcp heroku netlify vercel cloudflare digitalocean",
    "tool": "docker kubernetes jenkins ansible terraform git svn mercurial github gitlab bitbucket vim emacs vscode eclipse intellij pycharm npm yarn pip conda webpack vite kafka rabbitmq nginx apache",
    "format": "json xml yaml csv toml ini pdf docx xlsx png jpg jpeg gif svg webp mp3 mp4 avi mkv wav zip tar gzip rar markdown latex excel powerpoint",
    "protocol": "http https ftp sftp ssh smtp imap pop3 tcp udp dns dhcp grpc graphql soap mqtt websocket ipv4 ipv6 rest",
    "site": "google facebook twitter instagram whatsapp youtube linkedin snapchat tiktok reddit quora pinterest tumblr ebay netflix hulu spotify skype zoom slack discord telegram tinder paypal stripe venmo uber lyft airbnb gmail yahoo outlook hotmail bing wikipedia dropbox shopify etsy flipkart paytm alibaba walmart",
    "company": "apple microsoft google amazon facebook tesla samsung sony intel amd nvidia ibm oracle dell hp lenovo asus acer nokia motorola xiaomi huawei oneplus toyota honda ford bmw audi mercedes volkswagen nissan hyundai kia boeing airbus nike adidas pepsi coke infosys tcs wipro accenture cognizant deloitte",
    "politician": "trump clinton obama bush biden putin modi gandhi nehru hillary sanders merkel lincoln kennedy reagan nixon washington jefferson roosevelt churchill hitler stalin lenin mao mussolini castro kejriwal",
    "planet unit": "inch foot feet yard mile millimeter centimeter meter kilometer",
    "mass": "gram kilogram milligram ounce pound ton tonne stone",
    "volume": "liter milliliter gallon quart pint cup tablespoon teaspoon",
    "temperature": "celsius fahrenheit kelvin",
    "data": "byte kilobyte megabyte gigabyte terabyte",
    "sport": "football soccer basketball baseball cricket tennis golf hockey rugby volleyball badminton gymnastics chess poker yoga judo karate marathon triathlon",
    "instrument": "guitar piano violin cello drum flute trumpet saxophone clarinet ukulele harp banjo bass keyboard",
    "fruit or vegetable": "apple banana orange lemon lime grape strawberry blueberry raspberry mango pineapple peach pear plum cherry watermelon melon avocado tomato potato carrot onion garlic cucumber lettuce spinach broccoli cabbage cauliflower mushroom corn bean pea pumpkin kale celery eggplant zucchini",
    "food": "bread rice pasta pizza burger sandwich soup salad egg cheese butter milk yogurt cream meat beef pork lamb chicken turkey bacon ham sausage fish salmon tuna tofu cake cookie pie chocolate honey sugar salt pepper cinnamon ginger flour oil vinegar oatmeal cereal pancake",
    "meal": "breakfast lunch dinner brunch snack dessert supper",
    "drink": "water coffee tea juice milk beer wine whiskey vodka rum gin soda smoothie cocktail champagne",
    "clothes": "shirt pants jeans shorts skirt dress suit jacket coat sweater hoodie shoe boot sock hat cap glove scarf belt tie underwear bra",
    "vehicle": "car truck bus train bicycle bike motorcycle scooter boat ship plane helicopter tram taxi van submarine rocket tractor",
    "transport": "flight bus train taxi ferry subway cruise",
    "dwelling": "apartment house condo villa cottage hotel hostel motel tent cabin castle",
    "room": "kitchen bathroom bedroom basement garage attic balcony",
    "device": "phone tablet laptop desktop computer printer camera router modem television monitor keyboard mouse speaker headphone earphone watch microwave oven fridge dishwasher washer dryer console",
    "profession": "doctor lawyer engineer teacher nurse dentist pharmacist accountant architect plumber electrician carpenter chef pilot actor singer writer journalist politician scientist programmer developer designer manager ceo cto president senator governor mayor judge police soldier firefighter veterinarian psychologist psychiatrist surgeon therapist",
    "science": "physics chemistry biology mathematics geography history economics psychology sociology philosophy astronomy geology literature statistics algebra geometry calculus trigonometry linguistics anthropology botany zoology neuroscience",
    "degree": "bachelor bachelors master masters phd mba diploma certificate bsc msc btech mtech bba mca bca",
    "exam": "gre gmat toefl ielts upsc ias jee neet lsat mcat ielts ssc clat",
    "disease": "cancer diabetes asthma arthritis flu cold fever malaria hiv aids hepatitis pneumonia tuberculosis covid alzheimer parkinson autism adhd anxiety depression stroke migraine anemia eczema psoriasis acne ulcer leukemia ebola measles chickenpox herpes chlamydia schizophrenia bipolar insomnia epilepsy",
    "nutrient": "protein carbohydrate carb fat fiber vitamin calcium iron zinc magnesium potassium sodium iodine cholesterol caffeine alcohol nicotine sugar",
    "drug": "ibuprofen aspirin paracetamol acetaminophen tylenol advil antibiotic insulin cocaine heroin marijuana cannabis weed meth lsd mdma morphine xanax adderall",
    "element": "hydrogen helium carbon nitrogen oxygen iron copper zinc silver gold lead mercury aluminum sodium potassium calcium chlorine sulfur uranium titanium platinum nickel neon argon lithium silicon",
    "shape": "circle square triangle rectangle sphere cube cone cylinder pyramid hexagon pentagon octagon ellipse",
    "statistic": "median variance percentage ratio",
    "structure": "list tuple dictionary dict set array string integer float boolean object class struct map queue stack tree graph heap hash vector matrix dataframe series table",
    "sort": "quicksort mergesort heapsort bubble insertion selection",
    "question topic": "symptom cause treatment cure diagnosis prevention prognosis history origin meaning price cost size weight height age location date population capital currency language flag president anthem area temperature speed color name author director founder inventor owner advantage disadvantage benefit risk difference similarity",
    "payment": "cash card check cheque crypto paypal invoice debit credit wire",
    "account action": "reset change delete create close open activate cancel verify update recover transfer refund upgrade downgrade renew pause suspend freeze unlock block report dispute",
    "account thing": "password username email address phone pin card subscription plan invoice payment refund order account profile name number statement limit fee balance",
    "relation": "friend girlfriend boyfriend wife husband boss colleague roommate neighbor parent teacher ex enemy stranger",
    "emotion": "happy sad angry afraid lonely jealous guilty proud bored excited anxious depressed stressed calm nervous embarrassed",
    "rank": "first second third fourth fifth previous",
    "size of thing": "atom molecule cell galaxy planet star universe",
    "war": "civil cold revolutionary gulf vietnam korean",
    "show": "movie book song game series novel poem album podcast anime cartoon documentary",
    "vitamin": "a b c d e k b12",
    "court": "federal state local municipal national regional global international",
    "ownership": "rent lease borrow lend steal donate",
    "grade": "elementary kindergarten preschool nursery college highschool university",
    "weather": "rain snow hail wind storm thunderstorm tornado hurricane earthquake tsunami flood drought volcano fog",
    "crime": "murder theft robbery fraud rape assault arson burglary manslaughter",
    "mix": "boil fry bake grill roast steam poach microwave freeze marinate saute",
}  # fmt: skip
