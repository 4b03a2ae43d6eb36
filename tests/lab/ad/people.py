# SPDX-License-Identifier: Apache-2.0
"""Who works at the lab's company: the same people on every machine, as plain attributes."""

import json
import random
import sys

DOMAIN = "lab.test"
COMPANY = "Lab Test Ltd"
USERS = 200

# department: (city, country code, country, postal code, street, telephone prefix, titles)
DEPARTMENTS = {
    "Engineering": ("London", "GB", "United Kingdom", "EC1A 1BB", "12 Aldersgate Street", "+44 20 7946",
                    ("Software Engineer", "Systems Engineer", "Test Engineer", "Architect")),
    "Research": ("London", "GB", "United Kingdom", "EC1A 1BB", "12 Aldersgate Street", "+44 20 7947",
                 ("Researcher", "Mathematician", "Research Fellow")),
    "Sales": ("New York", "US", "United States", "10013", "395 Hudson Street", "+1 212 555",
              ("Account Manager", "Sales Engineer", "Sales Assistant")),
    "Finance": ("Berlin", "DE", "Germany", "10117", "Unter den Linden 21", "+49 30 2093",
                ("Accountant", "Controller", "Payroll Clerk")),
    "Operations": ("Berlin", "DE", "Germany", "10117", "Unter den Linden 21", "+49 30 2094",
                   ("Administrator", "Service Desk Analyst", "Network Engineer")),
    "People": ("Lisbon", "PT", "Portugal", "1100-148", "Rua Augusta 24", "+351 21 000",
               ("Recruiter", "Trainer", "People Partner")),
}

# Whom tests and the demo know by name: account, given name, surname, department, title, ou
# (None: the department's own), who the manager is.
KNOWN = (
    ("ada", "Ada", "Lovelace", "Research", "Analyst", None, "grace"),
    ("grace", "Grace", "Hopper", "Engineering", "Director of Engineering", None, None),
    ("alan", "Alan", "Turing", "Research", "Head of Research", None, "grace"),
    ("dora", "Dora", "Richardson", "Engineering", "Compiler Engineer", "Cloud Pairs", None),
    ("edsger", "Edsger", "Dijkstra", "Research", "Professor", "Cloud Pairs", None),
)

GIVEN = ("Annie", "Barbara", "Claude", "Donald", "Edith", "Frances", "Gladys", "Hedy", "Ida", "Jean", "Katherine", "Leslie",
         "Margaret", "Niklaus", "Ole", "Peter", "Quentin", "Radia", "Sophie", "Tony", "Ursula", "Vera", "Walter", "Zoë")
FAMILY = ("Adams", "Böhm", "Clarke", "D'Arcy", "Easley", "Floyd", "Goldberg", "Hamilton", "Iverson", "Johnson", "Knuth",
          "Liskov", "Meyer", "Nygaard", "O'Neil", "Perlman", "Quine", "Ritchie", "Shannon", "Thompson", "Ulam", "Wirth")

GROUPS = {  # name: (description, mail-enabled)
    "Engineering": ("Everybody in Engineering, and friends", True),
    "Research": ("Everybody in Research", True),
    "Sales": ("Everybody in Sales", True),
    "Finance": ("Everybody in Finance", True),
    "Operations": ("Everybody in Operations", True),
    "People": ("Everybody in People", True),
    "Managers": ("Who has somebody reporting", False),
    "VPN Users": ("May dial in from outside", False),
    "Technical Staff": ("Engineering, Research and Operations, as nested groups", False),
}
NESTED = {"Technical Staff": ("Engineering", "Research", "Operations")}


def _person(number, sam, given, surname, department, title, ou, manager):
    city, code, country, postal, street, prefix, _ = DEPARTMENTS[department]
    return {
        "sam": sam, "ou": ou or department, "manager": manager, "department": department,
        "cn": f"{given} {surname}",
        "attributes": {
            "givenName": given, "sn": surname, "displayName": f"{given} {surname}", "initials": given[0] + surname[0],
            "userPrincipalName": f"{sam}@{DOMAIN}", "mail": f"{sam}@{DOMAIN}",
            "proxyAddresses": [f"SMTP:{sam}@{DOMAIN}", f"smtp:{sam}.alias@{DOMAIN}"],
            "title": title, "department": department, "company": COMPANY, "description": f"{title}, {department}",
            "employeeID": f"{number:05d}", "employeeNumber": f"E{number:05d}", "employeeType": "Employee",
            "physicalDeliveryOfficeName": f"{city} {number % 5 + 1}.{number % 40 + 1:02d}",
            "telephoneNumber": f"{prefix} {number:04d}", "mobile": f"+44 7700 900{number:03d}",
            "facsimileTelephoneNumber": f"{prefix} 9999", "ipPhone": f"{4000 + number}",
            "streetAddress": street, "l": city, "postalCode": postal, "c": code, "co": country,
            "countryCode": {"GB": "826", "US": "840", "DE": "276", "PT": "620"}[code],
            "wWWHomePage": f"https://{DOMAIN}/people/{sam}", "info": f"Joined as number {number}.",
        },
    }


def people():
    """Two hundred persons; who has no named manager reports to the first one in the department."""
    chance = random.Random(1815)
    found, cns = [], set()
    for number, row in enumerate(KNOWN, 1):
        found.append(_person(number, *row))
        cns.add(found[-1]["cn"])
    heads, departments = {}, list(DEPARTMENTS)
    while len(found) < USERS:
        number = len(found) + 1
        given, surname = chance.choice(GIVEN), chance.choice(FAMILY)
        if f"{given} {surname}" in cns:
            continue
        cns.add(f"{given} {surname}")
        department = departments[number % len(departments)]
        head = heads.setdefault(department, f"user{number:03d}")
        sam = f"user{number:03d}"
        title = f"Head of {department}" if head == sam else chance.choice(DEPARTMENTS[department][6])
        found.append(_person(number, sam, given, surname, department, title, None, "grace" if head == sam else head))
    return found


def members(everybody):
    """Group name to the accounts in it."""
    groups = {name: set() for name in GROUPS}
    for person in everybody:
        if person["ou"] == person["department"]:
            groups[person["department"]].add(person["sam"])
        if person["manager"]:
            groups["Managers"].add(person["manager"])
    groups["Engineering"].add("ada")
    groups["VPN Users"].update(p["sam"] for p in everybody[::7])
    return groups


def cloud_seed(password):
    """What the tenant has before the first synchronisation: licences, and the pairs of the accounts under Cloud Pairs."""
    names = {"displayName": "displayName", "givenName": "givenName", "surname": "sn", "userPrincipalName": "userPrincipalName",
             "mail": "mail", "jobTitle": "title", "department": "department", "companyName": "company",
             "employeeId": "employeeID", "officeLocation": "physicalDeliveryOfficeName", "mobilePhone": "mobile",
             "streetAddress": "streetAddress", "city": "l", "postalCode": "postalCode", "country": "co", "usageLocation": "c"}
    users = [
        {graph: p["attributes"][ad] for graph, ad in names.items()}
        | {"businessPhones": [p["attributes"]["telephoneNumber"]], "proxyAddresses": p["attributes"]["proxyAddresses"],
           "password": password}
        for p in people() if p["ou"] == "Cloud Pairs"
    ]
    skus = {"SPE_E3": 250, "SPE_E5": 10, "EMS": 25}
    return {"domains": [DOMAIN], "users": users, "skus": [{"skuPartNumber": n, "enabled": e} for n, e in skus.items()]}


if __name__ == "__main__":
    # people.py PASSWORDS: the seed of the Entra ID double, as JSON.
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(cloud_seed(json.load(file)["user"])))
