// `blip eval`: the scores of files and of models, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "dataset/shard_writer.hpp"
#include "eval/retrieval_recall.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome eval_of(std::vector<std::string> words) {
  words.insert(words.begin(), "eval");
  return run_blip(words);
}

Json scores_of(std::vector<std::string> words) {
  words.insert(words.end(), {"--format", "json"});
  const Outcome run = eval_of(words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.exit_code == 0 ? Json::parse(run.out) : Json();
}

void expect_refused(const std::vector<std::string>& words, const std::string& message) {
  const Outcome run = eval_of(words);
  EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(message));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

// pycocoevalcap's numbers, whose captions the tokenizer leaves as they are.
Json golden() {
  return Json::parse(read_file(std::string(BLIP_SOURCE_DIR) +
                               "/tests/eval/data/caption_metrics_golden.json"))["captions4"];
}

// The captions of the golden as COCO has them, images numbered from 1.
struct CocoFiles {
  explicit CocoFiles(const Folder& folder) {
    const Json all = golden();
    Json list = Json::array();
    Json annotations = Json::array();
    for (std::size_t i = 0; i < all["hyps"].size(); ++i) {
      list.push_back({{"image_id", i + 1}, {"caption", all["hyps"][i]}});
      for (const Json& text : all["refs"][i]) {
        annotations.push_back({{"image_id", i + 1}, {"caption", text}});
      }
    }
    results = folder.file("results.json", list.dump());
    references =
        folder.file("references.json", Json::object({{"annotations", annotations}}).dump());
  }
  std::string results;
  std::string references;
};

TEST(EvalCaption, CocoFilesAsPycocoevalcap) {
  const Folder folder;
  const CocoFiles files(folder);
  const std::string items = folder / "items.jsonl";
  const Json scores = scores_of({"caption", "--results", files.results, "--references",
                                 files.references, "--per-image", items});
  const Json all = golden();
  EXPECT_EQ(scores["images"], 4);
  EXPECT_NEAR(scores["bleu_1"], all["bleu"][0], 1e-9);
  EXPECT_NEAR(scores["bleu_4"], all["bleu"][3], 1e-9);
  EXPECT_NEAR(scores["rouge_l"], all["rouge_l"], 1e-9);
  EXPECT_NEAR(scores["cider"], all["cider"], 1e-9);
  const auto images = json_lines(read_file(items));
  ASSERT_EQ(images.size(), 4U);
  EXPECT_EQ(images[1]["image_id"], "2");
  EXPECT_EQ(images[1]["caption"], all["hyps"][1]);
  EXPECT_NEAR(images[1]["bleu_2"], all["bleu_per_image"][1][1], 1e-9);
  EXPECT_NEAR(images[1]["rouge_l"], all["rouge_l_per_image"][1], 1e-9);
  EXPECT_NEAR(images[1]["cider"], all["cider_per_image"][1], 1e-9);
}

TEST(EvalCaption, TextIsATableTimesAHundred) {
  const Folder folder;
  const CocoFiles files(folder);
  const std::vector<std::string> words = {"caption", "--results", files.results, "--references",
                                          files.references};
  const std::string table =
      "images          4\n"
      "BLEU-1      93.10\n"
      "BLEU-2      86.30\n"
      "BLEU-3      79.19\n"
      "BLEU-4      74.22\n"
      "ROUGE-L     83.56\n"
      "CIDEr      267.14\n";
  EXPECT_EQ(eval_of(words).out, table);
  std::vector<std::string> to_file = words;
  to_file.insert(to_file.end(), {"--output", folder / "table.txt"});
  EXPECT_EQ(eval_of(to_file).out, "");
  EXPECT_EQ(read_file(folder / "table.txt"), table);
}

TEST(EvalCaption, RefusesWhatIsMissingDoubleOrNoFile) {
  const Folder folder;
  const CocoFiles files(folder);
  const std::string one = folder.file("one.json", R"([{"image_id": 1, "caption": "x"}])");
  const std::string two = folder.file(
      "two.json", R"([{"image_id": 1, "caption": "x"}, {"image_id": 1, "caption": "x"}])");
  const auto words = [&](const std::string& results) {
    return std::vector<std::string>{"caption", "--results", results, "--references",
                                    files.references};
  };
  expect_refused(words(one), one + ": no caption of image \"2\" of " + files.references);
  expect_refused(words(two), two + ": image \"1\" has two captions");
  expect_refused(words(folder / "none"), folder / "none: no such file");
  expect_refused(words(folder.file("bad", "{")), "bad: not valid JSON");
}

// A list of the photos of examples/, with the captions that people may have given.
std::string photo_list(const Folder& folder, const Json& texts_of_photo) {
  Json list = Json::array();
  for (std::size_t i = 0; i < texts_of_photo.size(); ++i) {
    list.push_back({{"image", photo(i)}, {"caption", texts_of_photo[i]}});
  }
  return folder.file("photos.json", list.dump());
}

TEST(EvalCaption, OfAModelAsOfTheCaptionsThatItWrites) {
  const Folder folder;
  const Json texts =
      Json::parse(R"([["a cat", "two cats on a sofa"], ["a dog"], ["a man and a dog"]])");
  const std::string data = photo_list(folder, texts);
  const std::string items = folder / "items.jsonl";
  const Json of_model = scores_of({"caption", "-m", "nano", "--data", data, "--beams", "3",
                                   "--batch", "2", "--per-image", items});
  const std::string captions = folder / "captions.jsonl";
  ASSERT_EQ(run_blip({"caption", "-m", "nano", photo(0), photo(1), photo(2), "--beams", "3", "-o",
                      captions, "--no-exif-rotation"})
                .exit_code,
            0);
  EXPECT_EQ(scores_of({"caption", "--results", captions, "--references", data}), of_model);
  EXPECT_EQ(json_lines(read_file(items))[2]["caption"],
            json_lines(read_file(captions))[2]["caption"]);
}

TEST(EvalCaption, OfShardsWithoutThePrompt) {
  const Folder folder;
  dataset::ShardWriter writer(folder.path() / "part");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string bytes = read_file(photo(i));
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    dataset::Sample sample;
    sample.key = "photo" + std::to_string(i);
    sample.pictures.push_back({.name = "photo.jpg", .bytes = {begin, begin + bytes.size()}});
    sample.captions = {"a cat", "a dog"};
    writer.write(sample);
  }
  writer.finish();
  const std::string items = folder / "items.jsonl";
  scores_of({"caption", "-m", "nano", "--data", folder / "part-{000000..000000}.tar", "--prompt",
             "A photo of", "--per-image", items});
  const auto images = json_lines(read_file(items));
  ASSERT_EQ(images.size(), 2U);
  const Outcome with_prompt =
      run_blip({"caption", "-m", "nano", photo(0), "--prompt", "a photo of"});
  EXPECT_EQ("a photo of " + images[0]["caption"].get<std::string>() + "\n", with_prompt.out);
  EXPECT_EQ(images[0]["image_id"], "photo0");
}

TEST(EvalCaption, APictureThatCannotBeReadEndsIt) {
  const Folder folder;
  const std::string bad = folder.file("bad.png", "no picture");
  const std::string data =
      folder.file("list.json", R"([{"image": ")" + bad + R"(", "caption": "x"}])");
  expect_refused({"caption", "-m", "nano", "--data", data}, bad + ": ");
  const std::string bare = folder.file("bare.json", R"([{"image": ")" + photo(0) + R"("}])");
  expect_refused({"caption", "-m", "nano", "--data", bare}, "has no captions to compare with");
}

TEST(EvalVqa, FilesAsTheOfficialProgram) {
  const Folder folder;
  Json answers = Json::array();
  for (int i = 0; i < 10; ++i) answers.push_back({{"answer", i < 3 ? "Two" : "three."}});
  Json annotations;
  annotations["annotations"].push_back({{"question_id", 1},
                                        {"answers", answers},
                                        {"answer_type", "number"},
                                        {"question_type", "how many"}});
  annotations["annotations"].push_back(
      {{"question_id", 2}, {"answers", Json::array({"red", "red"})}, {"answer_type", "other"}});
  const std::string truth = folder.file("truth.json", annotations.dump());
  const std::string results =
      folder.file("results.json",
                  R"([{"question_id": 2, "answer": "blue"}, {"question_id": 1, "answer": "2"}])");
  const std::string items = folder / "items.jsonl";
  const Json scores =
      scores_of({"vqa", "--results", results, "--annotations", truth, "--per-question", items});
  EXPECT_EQ(scores["questions"], 2);
  EXPECT_DOUBLE_EQ(scores["accuracy"], 45.0);
  EXPECT_DOUBLE_EQ(scores["by_answer_type"]["number"], 90.0);
  EXPECT_DOUBLE_EQ(scores["by_answer_type"]["other"], 0.0);
  EXPECT_DOUBLE_EQ(scores["by_question_type"]["how many"], 90.0);
  EXPECT_EQ(json_lines(read_file(items))[0],
            Json({{"question_id", "1"}, {"answer", "2"}, {"accuracy", 90.0}}));
  EXPECT_THAT(eval_of({"vqa", "--results", results, "--annotations", truth}).out,
              StartsWith("questions          2\naccuracy       45.00\n"));
  const std::string none = folder.file("none.json", "[]");
  expect_refused({"vqa", "--results", none, "--annotations", truth},
                 none + ": no answer to question \"1\" of " + truth);
}

TEST(EvalVqa, OfAModelAsOfTheAnswersThatItGives) {
  const Folder folder;
  Json list = Json::array();
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < 2; ++i) {
    for (const char* question : {"How many dogs are in the picture?", "what color is the sofa?"}) {
      const Outcome run =
          run_blip({"ask", "--model", task_model("vqa"), photo(i), question, "--no-exif-rotation"});
      ASSERT_EQ(run.exit_code, 0) << run.err;
      answers.push_back(run.out.substr(0, run.out.size() - 1));
      // The first picture's questions are answered right, by ten people.
      list.push_back({{"image", photo(i)},
                      {"question", question},
                      {"question_id", list.size()},
                      {"answer", i == 0 ? Json(std::vector<std::string>(10, answers.back()))
                                        : Json("no such thing")}});
    }
  }
  const std::string data = folder.file("questions.json", list.dump());
  const std::string items = folder / "items.jsonl";
  const Json scores =
      scores_of({"vqa", "-m", task_model("vqa"), "--data", data, "--per-question", items});
  EXPECT_EQ(scores["questions"], 4);
  EXPECT_DOUBLE_EQ(scores["accuracy"], 50.0);
  std::vector<std::string> given;
  for (const Json& item : json_lines(read_file(items))) given.push_back(item["answer"]);
  EXPECT_EQ(given, answers);

  const std::string choice = folder.file("answers.txt", "no such thing\nyes\n");
  const Json chosen = scores_of({"vqa", "-m", task_model("vqa"), "--data", data, "--answers",
                                 choice, "--per-question", items});
  for (const Json& item : json_lines(read_file(items))) {
    const std::string answer = item["answer"];
    EXPECT_TRUE(answer == "no such thing" || answer == "yes") << answer;
  }
}

// As numpy.save writes float32 [rows, columns].
std::string npy(std::size_t rows, std::size_t columns, const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(columns) + "), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0';
  return (bytes + header)
      .append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

TEST(EvalRetrieval, ScoresOfFiles) {
  const Folder folder;
  const std::string scores =
      folder.file("s.npy", npy(2, 4, {0.9F, 0.1F, 0.2F, 0.3F, 0.8F, 0.1F, 0.2F, 0.3F}));
  const std::string pairs = folder.file("pairs.json", "[[0, 1], [2, 3]]");
  const Json by_pairs = scores_of({"retrieval", "--scores", scores, "--pairs", pairs});
  EXPECT_EQ(by_pairs, scores_of({"retrieval", "--scores", scores, "--texts-per-image", "2"}));
  EXPECT_EQ(by_pairs["images"], 2);
  EXPECT_EQ(by_pairs["texts"], 4);
  EXPECT_DOUBLE_EQ(by_pairs["text_retrieval"]["r1"], 50.0);
  EXPECT_DOUBLE_EQ(by_pairs["image_retrieval"]["r1"], 25.0);
  EXPECT_DOUBLE_EQ(by_pairs["image_retrieval"]["r5"], 100.0);

  const std::string other =
      folder.file("t.npy", npy(4, 2, {1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 1.0F, 0.0F, 1.0F}));
  const Json both = scores_of(
      {"retrieval", "--scores", scores, "--text-scores", other, "--texts-per-image", "2"});
  EXPECT_DOUBLE_EQ(both["text_retrieval"]["r1"], 50.0);
  EXPECT_DOUBLE_EQ(both["image_retrieval"]["r1"], 100.0);

  expect_refused({"retrieval", "--scores", scores, "--texts-per-image", "3"}, scores + ": ");
  expect_refused({"retrieval", "--scores", pairs, "--texts-per-image", "2"},
                 pairs + ": is not a NumPy file");
  expect_refused({"retrieval", "--scores", scores, "--pairs", scores}, scores + ": not valid JSON");
}

// What the reference says of photos and texts, texts[i] being about photo i.
struct Pairing {
  std::vector<std::string> texts;
  std::vector<Json> cases;

  [[nodiscard]] eval::ScoreMatrix matrix(bool with_logit) const {
    eval::ScoreMatrix scores = {
        .num_images = texts.size(), .num_texts = texts.size(), .values = {}};
    for (std::size_t image = 0; image < texts.size(); ++image) {
      for (const Json& one : cases) {
        scores.values.push_back(one["itc"][image].get<float>() +
                                (with_logit ? one["itm_logits"][image][1].get<float>() : 0.0F));
      }
    }
    return scores;
  }
};

Pairing pairing_of(const std::string& style) {
  Pairing pairing;
  for (const Json& one : expectations("itm").at("cases")) {
    if (one["style"] != style || pairing.texts.size() == 6) continue;
    pairing.texts.push_back(one["text"]);
    pairing.cases.push_back(one);
  }
  return pairing;
}

TEST(EvalRetrieval, OfAModelAsTheReferenceScores) {
  for (const char* style : {"hf", "original"}) {
    const Folder folder;
    const Pairing pairing = pairing_of(style);
    ASSERT_GE(pairing.texts.size(), 3U);
    Json list = Json::array();
    std::vector<std::size_t> image_of_text;
    for (std::size_t i = 0; i < pairing.texts.size(); ++i) {
      list.push_back({{"image", photo(i)}, {"caption", pairing.texts[i]}});
      image_of_text.push_back(i);
    }
    const std::string data = folder.file("pairs.json", list.dump());
    const std::string items = folder / "items.jsonl";
    for (const bool rerank : {true, false}) {
      std::vector<std::string> words = {
          "retrieval", "-m", task_model("itm"), "--data", data, "--style", style,
          "--batch",   "2",  "--per-query",     items};
      if (!rerank) words.emplace_back("--no-rerank");
      const Json scores = scores_of(words);
      const auto expected = eval::retrieval_scores(pairing.matrix(rerank), image_of_text);
      EXPECT_DOUBLE_EQ(scores["r_mean"], expected.r_mean) << style << rerank;
      std::vector<std::size_t> text_ranks;
      std::vector<std::size_t> image_ranks;
      for (const Json& item : json_lines(read_file(items))) {
        (item.contains("image") ? text_ranks : image_ranks).push_back(item["rank"]);
      }
      EXPECT_EQ(text_ranks, expected.text_ranks) << style << rerank;
      EXPECT_EQ(image_ranks, expected.image_ranks) << style << rerank;
    }
    // With one candidate, only what the cosine puts first can be found.
    const Json one = scores_of(
        {"retrieval", "-m", task_model("itm"), "--data", data, "--style", style, "--rank-k", "1"});
    const Json cosine = scores_of(
        {"retrieval", "-m", task_model("itm"), "--data", data, "--style", style, "--no-rerank"});
    EXPECT_EQ(one["text_retrieval"]["r1"], cosine["text_retrieval"]["r1"]);
    EXPECT_EQ(one["image_retrieval"]["r1"], cosine["image_retrieval"]["r1"]);
  }
}

TEST(Eval, HelpAndWrongUsage) {
  EXPECT_THAT(eval_of({"--help"}).out, StartsWith("Usage: blip eval TASK"));
  for (const char* task : {"caption", "vqa", "classify", "retrieval"}) {
    const Outcome help = eval_of({task, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, StartsWith("Usage: blip eval " + std::string(task)));
  }
  expect_refused({}, "no task given");
  expect_refused({"meteor"}, "'meteor' is no task to judge");
  expect_refused({"caption"}, "give either --results FILE or --data FILE");
  expect_refused({"caption", "--results", "a", "--data", "b"}, "give either");
  expect_refused({"caption", "--results", "a"}, "--results needs --references");
  expect_refused({"caption", "--data", "a.tar", "--references", "a"},
                 "--references needs --results");
  expect_refused({"caption", "--data", "a.txt", "-m", "nano"}, "a.txt: ");
  expect_refused({"vqa", "--results", "a"}, "--results needs --annotations");
  expect_refused({"vqa", "--data", "a", "--annotations", "b"}, "--annotations needs --results");
  expect_refused({"classify", "-m", "nano"}, "no --data given");
  expect_refused({"retrieval", "--scores", "a"}, "--scores needs one of --pairs");
  expect_refused({"retrieval", "--data", "a", "--pairs", "b"}, "need --scores");
}

}  // namespace
}  // namespace blip::testing
