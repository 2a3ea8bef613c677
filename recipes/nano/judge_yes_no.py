"""Says how many balanced yes/no questions were answered rightly, all and by the right answer.

usage: judge_yes_no.py --questions yes_no.json|SHARD.tar --answers ANSWERS.jsonl

yes_no.json is make_judging_files.py's, SHARD make_questions.py's. ANSWERS are rows with "question_id" and "answer" (or "prediction", as `blip eval vqa --per-question`
writes), or with "path", "question" and "answer" (`blip ask --format jsonl`). An answer that is neither yes nor no is wrong.
"""
import argparse
import collections
import json
import pathlib

from shards import read_shard


def read_questions(path):
    """Rows of "image", "question", "answer" and the "question_id" by which `blip eval vqa` calls it."""
    if path.suffix != ".tar":
        return json.loads(path.read_text())
    rows = []
    for key, parts in read_shard(path):
        record = json.loads(parts["json"])
        rows += [{"image": record["image"], "question_id": f"{key}#{number}"} | asked for number, asked in enumerate(record["qa"])]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", required=True, type=pathlib.Path)
    parser.add_argument("--answers", required=True, type=pathlib.Path)
    parser.add_argument("--wrong", action="store_true", help="print what was answered wrongly")
    options = parser.parse_args()
    answers = {}
    for line in options.answers.read_text().splitlines():
        row = json.loads(line)
        answer = row["prediction"] if "prediction" in row else row["answer"]
        key = str(row["question_id"]) if "question_id" in row else (pathlib.Path(row["path"]).name, row["question"])
        answers[key] = answer.strip().lower()
    right, asked, said = collections.Counter(), collections.Counter(), collections.Counter()
    for row in read_questions(options.questions):
        key = str(row["question_id"]) if str(row["question_id"]) in answers else (row["image"], row["question"])
        if key not in answers:
            raise SystemExit(f"no answer to {row['question']} about {row['image']}")
        for group in ("all", row["answer"]):
            asked[group] += 1
            right[group] += answers[key] == row["answer"]
        said[answers[key]] += 1
        if options.wrong and answers[key] != row["answer"]:
            print(f"    {row['image']}: {row['question']} {answers[key]}, not {row['answer']}")
    for group in ("all", "yes", "no"):
        print(f"{group}: {right[group]} of {asked[group]} right ({100 * right[group] / asked[group]:.1f} %)")
    print("said:", said.most_common(8))


if __name__ == "__main__":
    main()
