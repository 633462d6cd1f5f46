"""Which everyday and engineering words of English mean nearly the same: one group per line, used as a weak match."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from hermes_tui.capabilities.memory.words import term_of

_GROUPS: Final = """
mother mom mum mama parent
father dad papa parent
parent mother father mom dad
child kid son daughter baby toddler children kids
sibling brother sister
wife husband spouse partner married marriage wedding
girlfriend boyfriend partner date dating relationship
grandmother grandma granny nana
grandfather grandpa granddad
family relative relatives parents kids cousin aunt uncle
friend buddy pal mate friendship
colleague coworker teammate
pet dog cat puppy kitten
dog puppy pup hound
cat kitten kitty
job work career profession occupation position employment
boss supervisor lead
hire hired employ recruit
fired dismissed layoff unemployed
business company firm startup store shop
salary pay wage income
money cash fund funds finance financial budget
cost price expensive cheap fee
buy bought purchase purchased
sell sold sale
gift present
own owned have
school college university class course
study studied learn learned education degree
teach taught teacher lesson instructor
student pupil classmate
exam test quiz
degree diploma graduate graduation
house home apartment flat place
move moved relocate relocation
live lived reside resident
city town village
country nation homeland
travel trip journey vacation holiday tour visit
visit visited trip went
road drive drove driving car
car vehicle auto truck
plane flight fly flew airport
beach sea ocean coast shore
mountain hill peak
forest woods
hike hiking trail walk
camp camping tent campfire
nature outdoors outdoor wilderness
park garden
flower plant bloom garden
run running jog jogging race marathon
exercise workout gym fitness training
sport sports game match team
win won victory award prize trophy champion
lose lost defeat
compete competition contest tournament
hobby pastime interest activity
activity activities hobby exercise
paint painting drawing art canvas sketch
art artist artwork painting sculpture
photo photograph picture image camera
music song band concert instrument melody
song tune album track
instrument guitar piano violin drum
sing sang singer vocal
dance dancing dancer
play played game
movie film cinema
film watch watched
book novel read reading author
read reading book
write wrote written writing author
story tale novel
poem poetry poet
game gaming console
food meal dish cuisine eat
cook cooking bake baking recipe
dinner supper lunch breakfast meal
restaurant cafe diner
cake dessert cookie pie pastry
drink coffee tea beverage
alcohol beer wine
allergy allergic
health healthy wellness medical
doctor physician hospital clinic medical
sick ill illness disease
injury injured hurt accident wound
pain ache hurt
therapy therapist counseling counselor
stress stressed anxiety anxious pressure
happy glad joy delighted thrilled excited
sad upset unhappy depressed grief
angry mad annoyed frustrated
afraid scared fear frightened
proud pride
relax relaxing calm peaceful unwind
destress relax unwind stress
love adore favorite enjoy
like enjoy prefer favorite
prefer preference favorite rather
favorite favourite best love
hate dislike
hope wish dream
dream goal aspiration ambition
goal plan aim target objective
plan planned planning intend upcoming
decide decided decision chose choose
start started begin began launch
finish finished complete completed done
stop stopped quit
continue keep carry
join joined member signed
attend attended went participate
participate participated took attend join
meet met meeting
event gathering party festival ceremony celebration
celebrate celebrated celebration party anniversary
birthday anniversary
festival fair carnival
religion religious church faith spiritual
church temple mosque
help helped assist support aid
support supported encourage encouragement backing
volunteer volunteering charity community
charity donate donation fundraiser
community neighborhood local
advice suggestion recommend tip
recommend recommended suggest suggested recommendation
inspire inspired inspiration motivate motivated motivation
influence influenced inspire
challenge challenging difficult hard struggle
problem issue trouble difficulty
obstacle setback challenge hurdle
success successful achievement accomplish
achieve achieved accomplishment milestone
improve improved better progress
change changed transition
grow grew growth
create created make made build
build built construct
repair fix fixed mend
clothes clothing dress shirt outfit wear
shoe shoes sneaker boots
jewelry necklace ring bracelet
symbol symbolize represent meaning stands
remind reminder memory remember
remember recall memory
kind type sort
old age aged
young younger youth
color colour
large big huge
small little tiny
new recent latest
bad terrible awful
good great nice
beautiful gorgeous pretty stunning
important significant meaningful
weird strange odd
age old birthday
weather rain snow storm
summer sunny sun
sunset sunrise
night evening
morning dawn
news announcement
phone call called cell
email mail message
computer laptop pc
internet web online website
site website page
app application software
program code software script
code source programming
bug defect error failure
error exception failure crash
crash crashed abort panic
fail failed failure failing broken
fix fixed repair patch
test tests testing
check verify validate
deploy deployment release ship
release version
version upgrade update
update updated upgrade
install installed setup
config configuration setting settings option
password credential secret token
login sign authenticate authentication auth
database db sql table
table schema
query search lookup
search find found look
file document
folder directory path
document doc docs documentation
log logs logging trace
server host machine
network connection
port socket
slow slowness latency lag
fast quick speed performance
performance speed latency
memory ram
disk storage
store save saved keep
delete deleted remove removed erase
remove removed delete drop
add added insert
send sent
receive received got
request call
response reply answer
answer reply respond
question ask asked
permission access rights
allow permitted grant
deny denied refuse reject
branch merge commit
repository repo
user customer client
task job todo
schedule calendar appointment
deadline due
meeting appointment call
report summary
language python rust java
editor ide vim
style format convention
rule policy
adopt adoption foster
pregnant pregnancy expecting
died death passed funeral loss
war military army soldier veteran
politics political election government
law legal court
police crime arrest
environment climate sustainable green
science scientific research
research study investigate
technology tech gadget
robot robotics engineering
"""


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[str]]:
    """Return for each term the terms of all groups it stands in."""
    found: dict[str, set[str]] = {}
    for line in _GROUPS.strip().splitlines():
        group = {term for word in line.split() if (term := term_of(word))}
        for term in group:
            found.setdefault(term, set()).update(group - {term})
    return {term: frozenset(group) for term, group in found.items()}


def related_to(term: str) -> frozenset[str]:
    """Return the terms that mean nearly the same as `term`."""
    return _groups().get(term, frozenset())
