#!/usr/bin/env python3
"""How well `blip search` finds the items of a catalogue, beside BM25 over titles.

    git clone https://github.com/aws-samples/retail-demo-store
    git clone https://github.com/marcusklasson/GroceryStoreDataset
    tools/catalogue_recall.py build/release/bin/blip retail-demo-store GroceryStoreDataset
                              [--model nano-retrieval] [--photos 4] [--keep FOLDER]

Makes one catalogue of 180 items: the 100 products of the Retail Demo Store (MIT-0) at the commit
below, with pictures, descriptions and prices, and the 80 of the Grocery Store Dataset (MIT), with
pictures and descriptions. Nothing else of the data sets, as categories, goes into their texts. Asks

- the texts of tools/catalogue_queries.json, written and graded (2: it is that; 1: nearly) before
  anything was measured;
- photos of groceries that people took in shops, the first of each product in the test set: the
  product has grade 2, others of its kind 1;
- both: a photo of a grocery and the name of its kind.

and prints recall at 1, 5 and 10 and nDCG at 10 of each way to rank, by `blip eval search`.
"""
import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SHOP_COMMIT = "95e632809e380f36c42287fcfef4038d878e0d10"  # the last one with all pictures
SHOP_PRODUCTS = "src/products/src/products-service/data/products.yaml"


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words[:4]))}: {done.stderr.decode()}")
    return done.stdout


def shown(repository, commit, path):
    return run("git", "-C", repository, "show", f"{commit}:{path}")


def yaml_list(text):
    """→ the objects of a list of plain fields, which is all that the file has"""
    items = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith("- "):
            items.append({})
        name, _, value = line[2:].partition(":")
        items[-1][name.strip()] = value.strip().strip("\"'")
    return items


def shop_items(repository, folder):
    for product in yaml_list(shown(repository, SHOP_COMMIT, SHOP_PRODUCTS).decode()):
        picture = f"shop-{product['id']}.jpg"
        path = f"images/{product['category']}/{product['image']}"
        (folder / picture).write_bytes(shown(repository, SHOP_COMMIT, path))
        yield {"id": product["id"], "title": product["name"], "picture": picture,
               "description": product["description"], "price": float(product["price"])}


def grocery_classes(repository):
    rows = csv.reader(io.StringIO(shown(repository, "HEAD", "dataset/classes.csv").decode()))
    return [row for row in rows if row and row[1].isdigit()]


def grocery_items(repository, folder):
    for name, _, _, _, picture_path, text_path in grocery_classes(repository):
        picture = f"grocery-{name}.jpg"
        (folder / picture).write_bytes(shown(repository, "HEAD", "dataset" + picture_path))
        description = shown(repository, "HEAD", "dataset" + text_path).decode("utf-8", "replace")
        yield {"id": name, "title": name.replace("-", " "), "picture": picture,
               "description": " ".join(description.split())}


def photo_queries(repository, folder, each):
    """→ queries by photos: of each product, the first ones of the test set"""
    classes = {row[1]: row for row in grocery_classes(repository)}
    taken = {}
    for line in shown(repository, "HEAD", "dataset/test.txt").decode().splitlines():
        path, number, _ = (part.strip() for part in line.split(","))
        name, kind = classes[number][0], classes[number][2]
        if taken.get(name, 0) == each:
            continue
        taken[name] = taken.get(name, 0) + 1
        photo = f"query-{name}-{taken[name]}.jpg"
        (folder / photo).write_bytes(shown(repository, "HEAD", "dataset/" + path))
        grades = {row[0]: 2 if row[0] == name else 1
                  for row in classes.values() if row[2] == kind}
        yield {"photo": photo, "items": grades}, kind.replace("-", " ").lower()


def write_lines(path, objects):
    path.write_text("".join(json.dumps(each) + "\n" for each in objects))


def report(program, index, queries, heading, ways):
    print(f"\n{heading}\n")
    print("| ranking | recall@1 | recall@5 | recall@10 | nDCG@10 |")
    print("|---|---|---|---|---|")
    for way, options in ways:
        scores = json.loads(run(program, "eval", "search", queries, "--index", index,
                                "--format", "json", "--quiet", *options))
        cells = [f"{scores[key]:.1f}" for key in ("recall@1", "recall@5", "recall@10", "ndcg@10")]
        print(f"| {way} | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("shop", type=Path, help="a clone of aws-samples/retail-demo-store")
    parser.add_argument("groceries", type=Path, help="a clone of marcusklasson/GroceryStoreDataset")
    parser.add_argument("--model", default="nano-retrieval")
    parser.add_argument("--photos", type=int, default=4, help="of each grocery that are asked")
    parser.add_argument("--keep", type=Path, help="a folder for the catalogue and its index")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        items = [*shop_items(arguments.shop, folder), *grocery_items(arguments.groceries, folder)]
        write_lines(folder / "catalogue.jsonl", items)
        texts = json.loads((Path(__file__).parent / "catalogue_queries.json").read_text())
        unknown = {key for grades in texts.values() for key in grades} - {i["id"] for i in items}
        if unknown:
            sys.exit(f"queries for items that are not there: {sorted(unknown)}")
        write_lines(folder / "texts.jsonl",
                    [{"query": text, "items": grades} for text, grades in texts.items()])
        photos = list(photo_queries(arguments.groceries, folder, arguments.photos))
        write_lines(folder / "photos.jsonl", [query for query, _ in photos])
        write_lines(folder / "both.jsonl", [{"query": kind, **query} for query, kind in photos])

        index = folder / "catalogue.db"
        print(run(arguments.program, "index", "--catalogue", folder / "catalogue.jsonl", "--index",
                  index, "-m", arguments.model, "--quiet").decode(), end="")
        words = [("titles alone (BM25): `--titles-only`", ["--titles-only"]),
                 ("all words (BM25): `--words-only`", ["--words-only"])]
        vectors = [("vectors alone: `--no-captions`", ["--no-captions"])]
        report(arguments.program, index, folder / "texts.jsonl", f"{len(texts)} texts",
               [*words, *vectors, ("vectors and words", [])])
        report(arguments.program, index, folder / "photos.jsonl", f"{len(photos)} photos",
               [("vectors", [])])
        report(arguments.program, index, folder / "both.jsonl", f"{len(photos)} photos with a word",
               [*words, *vectors, ("vectors and words", [])])


if __name__ == "__main__":
    main()
