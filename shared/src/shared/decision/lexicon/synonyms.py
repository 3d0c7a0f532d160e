"""Spellings, clippings and abbreviations of one word: the only words that are one by a list.

Words of one group are joined by ``=``; a word is in at most one group (tested). Rules of this file:
near-synonyms do not belong here, however close ("internet", "web"; "pick", "choose"): forty of
forty pairs written against an earlier list of them were served wrongly. Inflections follow from the
stemmer and from ``irregular.py``. Written by hand for WatchLLM.
"""
# ruff: noqa: E501 -- word lists read better as running text

GROUPS = """
birthday=bday mold=mould pajamas=pyjamas plow=plough hiccup=hiccough movie=movies bike=bicycle phone=telephone
cellphone=mobilephone photo=photograph pic=picture tv=television fridge=refrigerator mom=mum=mommy dad=daddy
grandma=granny exam=examination airplane=aeroplane=plane auto=automobile flu=influenza cig=cigarette taxi=taxicab
developer=dev database=db message=msg account=acct configuration=config integer=int boolean=bool
repository=repo javascript=js typescript=ts python=py kubernetes=k8s postgresql=postgres documentation=docs
administrator=admin info=information maximum=max minimum=min versus=vs math=mathematics=maths technology=tech motorbike=motorcycle
gmail=googlemail vegetable=veggie=veg advertisement=advert=ad legit=legitimate teenager=teen bf=boyfriend gf=girlfriend
fb=facebook insta=instagram yt=youtube lab=laboratory gym=gymnasium approx=approximately
analyze=analyse organize=organise recognize=recognise realize=realise apologize=apologise optimize=optimise
minimize=minimise maximize=maximise summarize=summarise memorize=memorise prioritize=prioritise visualize=visualise
customize=customise personalize=personalise authorize=authorise initialize=initialise normalize=normalise
serialize=serialise demonetization=demonetisation demonetize=demonetise color=colour favorite=favourite
behavior=behaviour labor=labour neighbor=neighbour honor=honour humor=humour flavor=flavour rumor=rumour odor=odour tumor=tumour
center=centre theater=theatre meter=metre=metres liter=litre fiber=fibre license=licence defense=defence
offense=offence program=programme gray=grey jewelry=jewellery tire=tyre aluminum=aluminium mustache=moustache
kilometer=kilometre=kilometres=km=kms centimeter=centimetre=centimetres=cm millimeter=millimetre=millimetres=mm
kilogram=kilograms=kg=kgs=kilo=kilos=kilogramme pound=lb=lbs ounce=oz foot=ft=feet gigabyte=gb megabyte=mb
terabyte=tb kilobyte=kb milliliter=millilitre=ml donut=doughnut yogurt=yoghurt diarrhea=diarrhoea anemia=anaemia
pediatrician=paediatrician check=cheque travel=traveling=travelling cancel=canceled=cancelled=canceling=cancelling
"""
