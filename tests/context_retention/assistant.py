"""A person's talks with an assistant over half a year, and what is asked of them later. Written for these tests."""

from __future__ import annotations

from dataclasses import dataclass

AGENT, PERSON = "main", "Ann"


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said how many days ago; sessions are days."""

    days_ago: float
    speaker: str
    text: str


def told(days_ago: float, *texts: str) -> list[Turn]:
    """Return a session: the person and the assistant take turns."""
    speakers = (PERSON, AGENT)
    return [Turn(days_ago - i / 1_440, speakers[i % 2], text) for i, text in enumerate(texts)]


HISTORY = [
    *told(
        170,
        "Hi! Can you help me set up the new router? It's an ASUS RT-AX88U.",
        "Sure. Plug it into the modem first, then open router.asus.com and follow the wizard.",
        "Done. I called the network Birdhouse, and the guest network is off.",
        "Great. Consider turning on automatic firmware updates.",
    ),
    *told(
        150,
        "I live in Leipzig, in a small flat on the third floor.",
        "Noted, Leipzig it is.",
        "My landlord is called Mr Kowalski, he only answers letters.",
        "Understood. I can draft letters for you whenever something breaks.",
    ),
    *told(
        121,
        "I'm allergic to penicillin and to cashews, please keep that in mind when you suggest food.",
        "Thanks for telling me. I will leave cashews out of every recipe.",
        "Suggest something for dinner with chickpeas",
        "How about a chickpea curry with spinach, tomatoes and coconut milk?",
        "Sounds delicious, I'll try it tonight.",
    ),
    *told(
        96,
        "We moved to Hamburg last weekend! The new address is Lindenallee 14.",
        "Congratulations on the move! Shall I update your address in the templates?",
        "Yes please. The move cost us 2,300 euros in the end.",
        "Done. The letter templates carry the Lindenallee address now.",
    ),
    *told(
        80,
        "My sister Julia is getting married on 12 September in Lisbon.",
        "How lovely! Would you like help with a present?",
        "She collects fountain pens, so perhaps a Pelikan.",
        "A Pelikan M200 would be a good choice and costs around 130 euros.",
    ),
    *told(
        61,
        "The deadline of the Falcon project is the 30th of November, and Priya is the reviewer.",
        "I've put that down: Falcon is due on 30 November, reviewed by Priya.",
        "We decided to use PostgreSQL instead of MongoDB for Falcon because of the reports.",
        "That makes sense, relational reporting is easier there.",
    ),
    *told(
        45,
        "My dentist appointment is on Thursday at half past three, with Dr. Brandt.",
        "All right, Thursday 15:30 with Dr. Brandt. Shall I remind you the evening before?",
        "Yes, remind me at eight.",
        "Will do.",
    ),
    *told(
        30,
        "I've started running again, three times a week around the Alster. My goal is a half marathon in May.",
        "Great goal! A twelve week plan would start in February.",
        "My knee hurts a bit after ten kilometres though.",
        "Take a rest day and check your shoes; pain that stays should be seen by a doctor.",
    ),
    *told(
        21,
        "I prefer short answers without bullet points.",
        "Understood, short and plain from now on.",
        "Also please call me Annie.",
        "Sure thing, Annie.",
    ),
    *told(
        12,
        "Our cat Momo got a new vet, Dr. Sato, in the Grindelallee.",
        "I hope Momo likes her!",
        "Momo weighs 5.2 kilos and has to lose some weight.",
        "A diet food with fewer calories would help.",
    ),
    *told(
        6,
        "The Wi-Fi in the bedroom is terrible, I bought a mesh repeater for it.",
        "Put it halfway between the router and the bedroom.",
        "That worked. The repeater is in the hallway now.",
        "Glad to hear it.",
    ),
    *told(
        3,
        "I changed jobs: since Monday I work at Northwind as a data analyst.",
        "Congratulations on the new job!",
        "My manager there is Tobias, and my first review is in March.",
        "Good luck with the start.",
    ),
    *told(
        1,
        "Book idea for later: The Overstory, Julia recommended it.",
        "Added to your reading list.",
        "I parked the car on level 4 of the Europa garage.",
        "Level 4, Europa garage. Got it.",
    ),
]

FOUND = [
    ("Which router do I have?", "ASUS RT-AX88U"),
    ("what's my wifi network called again?", "Birdhouse"),
    ("What am I allergic to?", "penicillin"),
    ("Can you suggest a cake recipe? Mind my allergies.", "penicillin"),
    ("What's my address?", "Lindenallee 14"),
    ("How much did our move cost?", "2,300"),
    ("when is my sister's wedding", "12 September"),
    ("What does Julia collect?", "fountain pens"),
    ("When is the Falcon deadline?", "30th of November"),
    ("who reviews the Falcon project?", "Priya"),
    ("Which database did we choose for Falcon?", "PostgreSQL"),
    ("When is my dentist appointment?", "half past three"),
    ("Do you remember what my dentist is called?", "Dr. Brandt"),
    ("What race am I training for?", "half marathon"),
    ("My knee hurts again", "knee hurts"),
    ("How often do I go running?", "three times a week"),
    ("How do I like my answers?", "short answers"),
    ("Who is Momo's vet?", "Dr. Sato"),
    ("How heavy is our cat?", "5.2 kilos"),
    ("Where did I put the mesh repeater?", "hallway"),
    ("Where do I work now?", "Northwind"),
    ("Who is my manager?", "Tobias"),
    ("When is my first review at Northwind?", "March"),
    ("Where did I park the car?", "level 4"),
    ("Which book did Julia recommend?", "Overstory"),
    ("What's the name of my landlord?", "Kowalski"),
    ("Remind me what we wanted to give Julia as a present", "Pelikan"),
    ("Please write a letter to my landlord about the heating", "landlord is called"),
]
"""A prompt, and words of a memory that must be among the first three."""

UNRELATED = [
    "write a haiku about the sea",
    "thanks!",
    "what is 2+2",
    "ok",
    "good morning",
    "Translate 'good evening' into French",
    "Explain how photosynthesis works",
    "lol \U0001f602",
    "What is the capital of Australia?",
    "Fix this Python error: list index out of range",
    "Tell me a joke",
    "How do vaccines work?",
    "Summarise the plot of Hamlet in two sentences",
    "yes please do that",
    "What's the difference between TCP and UDP?",
    "\u4eca\u65e5\u306f\u3044\u3044\u5929\u6c17\u3067\u3059\u306d",
]
"""Prompts that nothing remembered helps with."""
