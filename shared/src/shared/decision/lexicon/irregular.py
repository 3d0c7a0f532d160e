"""Irregular inflections: base, then its other forms; families are parted by commas."""
# ruff: noqa: E501 -- word lists read better as running text

FAMILIES = """
fiancée fiancées fiancee fiancees, loathe loathes loathed loathing, be am is are was were been being, have has had having, do does did done doing, go
goes went gone, get got gotten, make made, take took taken, give gave given, come came, become became, know knew known, think thought, see saw seen,
find found, tell told, say said, buy bought, sell sold, bring brought brings bringing, teach taught, catch caught, write wrote written, read reads,
eat ate eaten, drink drank drunk, drive drove driven, fly flew flown flies, grow grew grown, throw threw thrown, draw drew drawn, speak spoke spoken,
break broke broken, choose chose chosen, freeze froze frozen, steal stole stolen, forget forgot forgotten, begin began begun, swim swam swum, sing
sang sung, run ran, win won wins winning, lose lost, leave left, feel felt, keep kept, sleep slept, meet met, feed fed, lead led, build built, send
sent, spend spent, lend lent, hold held, stand stood, understand understood, pay paid, lay laid, hear heard, mean meant means, sit sat sits sitting,
fall fell fallen, rise rose risen, wear wore worn, tear tore torn, die died dying dies, lie lied lying lies, fight fought, seek sought, shoot shot,
stick stuck, strike struck, swear swore sworn, wake woke woken, hide hid hidden, ride rode ridden, bite bit bitten, shake shook shaken, blow blew
blown, show shown, prove proven, child children, man men, woman women, person persons, foot feet, tooth teeth, mouse mice, goose geese, life lives,
wife wives, knife knives, leaf leaves, wolf wolves, half halves, shelf shelves, thief thieves, datum data, analysis analyses, crisis crises, criterion
criteria, phenomenon phenomena, index indexes indices, matrix matrices, vertex vertices, cactus cacti, fungus fungi, stimulus stimuli, hero heroes,
potato potatoes, tomato tomatoes, study studies studying studied, use uses used using, lens lenses, bus buses, gas gases, class classes, process
processes, address addresses, business businesses, virus viruses, tie tied tying ties, cut cuts cutting, set sets setting, put puts putting, hit hits
hitting, movie movies, cookie cookies, calorie calories, zombie zombies, selfie selfies, series, species, news, pant pants, tip tips tipping, ship
ships shipping, sibling siblings, thing things, string strings, spring springs, meaning meanings, feeling feelings, building buildings, wedding
weddings, settings, earring earrings, training trainings, painting paintings, meeting meetings, marketing, engineering, programming, testing, banking,
trading, clothing, people, hate hates hated hating, rate rates rated rating, hope hopes hoped hoping, hop hops hopped hopping, star stars starred
starring, stare stares stared staring, scar scars scarred, scare scares scared scaring, plan plans planned planning, plane planes, car cars, care
cares cared caring, bar bars, bare, fin fins, fine fines fined, wine wines, rat rats, fat fats, fate fates, hat hats, plate plates, plat plats, rob
robs robbed robbing, robe robes, cub cubs, cube cubes, tub tubs, tube tubes, can, cane canes, pin pins pinned pinning, pine pines, war wars, ware
wares, tap taps tapped tapping, tape tapes taped taping, rid, bits, kit kits, kite kites, site sites, quit quits quitting
"""
