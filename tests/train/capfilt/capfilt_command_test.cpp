// `blip train capfilt`: what it decides and writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "blip/blip.hpp"
#include "capfilt_case.hpp"
#include "cli/options/command_line.hpp"
#include "dataset/dataset.hpp"
#include "dataset/text_preprocessing.hpp"
#include "tests/train/data/pictures.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

class CapfiltCommand : public ::testing::Test, public CapfiltCase {
 protected:
  // A threshold that keeps some texts and drops others.
  [[nodiscard]] double middle_score(const std::string& output) const {
    std::vector<double> scores;
    for (const Json& line : decisions(output)) scores.push_back(line.at("score"));
    std::sort(scores.begin(), scores.end());
    return scores[scores.size() / 2];
  }
  std::string message_of(const std::vector<std::string>& words) const {
    try {
      run(words);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(CapfiltCommand, JudgesEveryTextAsTheModelDoes) {
  run({"--data", shard("web", 3), "--output", path("out")});
  const auto lines = decisions("out");
  ASSERT_THAT(lines, SizeIs(9));  // two texts of the web's and a synthetic one each
  const auto model = BlipForImageTextRetrieval::from_pretrained(filter());
  const auto processor = BlipProcessor::from_pretrained(filter());
  Context context({.num_threads = 1});
  for (const Json& line : lines) {
    const int number = line.at("image");
    EXPECT_EQ(line.at("key"), "key" + std::to_string(number));
    const Image image = Image::decode(sample(number).pictures[0].bytes);
    const auto encoded = model.encode_images(processor(image).pixel_values, context);
    const std::vector<std::vector<TokenId>> text = {
        processor.tokenizer().encode(dataset::pre_caption(line.at("text").get<std::string>()))};
    const auto match = model.match(encoded, text, TextStyle::original, context).front();
    EXPECT_NEAR(line.at("score").get<double>(), match.itm_probability, 2e-6);
    EXPECT_EQ(line.at("kept"), line.at("score").get<double>() >= 0.5);
  }
}

TEST_F(CapfiltCommand, SamplesAsTheOriginalDoes) {
  run({"--data", shard("web", 3), "--seed", "7", "--output", path("out")});
  const auto model = BlipForConditionalGeneration::from_pretrained(captioner());
  const auto processor = BlipProcessor::from_pretrained(captioner());
  for (const Json& line : decisions("out")) {
    if (line.at("source") != "synthetic") continue;
    const std::uint64_t number = line.at("image");
    const Image image = Image::decode(sample(static_cast<int>(number)).pictures[0].bytes);
    const auto ids = model.generate(processor(image, "a picture of "), {.max_length = 20,
                                                                        .min_length = 5,
                                                                        .repetition_penalty = 1.1F,
                                                                        .do_sample = true,
                                                                        .top_k = 50,
                                                                        .top_p = 0.9F,
                                                                        .seed = 7,
                                                                        .image_offset = number});
    const std::string whole = processor.decode(ids[0], {.skip_special_tokens = true});
    // A piece of a word may come right after the prompt: "a picture oft".
    const std::string text = whole.substr(std::string("a picture of").size());
    EXPECT_EQ(line.at("text"), text.substr(text.find_first_not_of(' ')));
  }
}

TEST_F(CapfiltCommand, WritesTheTextsThatAreKept) {
  const std::string web = shard("web", 10);
  run({"--data", web, "--output", path("first")});
  const std::string threshold = std::to_string(middle_score("first"));
  const auto outcome = run({"--data", web, "--threshold", threshold, "--output", path("out")});
  EXPECT_EQ(outcome.exit_code, cli::ExitCode::ok);
  std::map<std::string, std::vector<std::string>> kept;
  std::size_t dropped = 0;
  for (const Json& line : decisions("out")) {
    if (line.at("kept").get<bool>()) {
      kept[line.at("key")].push_back(line.at("text"));
    } else {
      ++dropped;
    }
  }
  EXPECT_GT(dropped, 0U);
  const std::vector<std::string> shards = {path("out") / "capfilt-000000.tar"};
  const auto data = dataset::Dataset::open(shards);
  ASSERT_EQ(data.size(), kept.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const dataset::Sample written = data.read(i);
    EXPECT_EQ(written.captions, kept.at(written.key));
    EXPECT_EQ(written.pictures[0].bytes,
              sample(std::stoi(written.key.substr(3))).pictures[0].bytes);
  }
  const std::string shard_text = text("out/capfilt-000000.tar");
  EXPECT_THAT(shard_text, HasSubstr(R"("sources":["web")"));
  EXPECT_THAT(shard_text, HasSubstr(R"("synthetic"],"scores":[0.)"));
}

TEST_F(CapfiltCommand, WritesTheSameBytesForAnyNumberOfThreads) {
  // More than a group, and one that is broken in the middle of a group.
  std::vector<dataset::Sample> samples;
  for (int i = 0; i < 21; ++i) samples.push_back(sample(i));
  samples[11].pictures[0].bytes.resize(60);
  const std::string web = shard_of("web", samples);
  run({"--data", web, "--threads", "1", "--output", path("one")});
  run({"--data", web, "--threads", "3", "--output", path("three")});
  EXPECT_EQ(files("one"), files("three"));
  run({"--data", web, "--seed", "43", "--output", path("other")});
  EXPECT_NE(text("one/decisions.jsonl"), text("other/decisions.jsonl"));
}

TEST_F(CapfiltCommand, TextsDependOnThePlaceInTheDataAlone) {
  const std::string web = shard("web", 20);
  run({"--data", web, "--output", path("whole")});
  run({"--data", web, "--shard-size", "7", "--output", path("parts")});
  const auto whole = decisions("whole");
  const auto parts = decisions("parts");
  ASSERT_EQ(whole.size(), parts.size());
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(whole[i]["text"], parts[i]["text"]);
  EXPECT_TRUE(std::filesystem::exists(path("parts") / "capfilt-000002.tar"));
}

TEST_F(CapfiltCommand, BeamSearchIsTheAblation) {
  const std::string web = shard("web", 2);
  run({"--data", web, "--beams", "3", "--output", path("out")});
  const auto model = BlipForConditionalGeneration::from_pretrained(captioner());
  const auto processor = BlipProcessor::from_pretrained(captioner());
  const auto ids =
      model.generate(processor(Image::decode(sample(0).pictures[0].bytes), "a picture of "),
                     {.max_length = 20, .min_length = 5, .num_beams = 3});
  EXPECT_EQ("a picture of " + decisions("out")[2].at("text").get<std::string>(),
            processor.decode(ids[0], {.skip_special_tokens = true}));
}

TEST_F(CapfiltCommand, AnswersListsByAList) {
  std::filesystem::create_directory(path("photos"));
  for (int i = 0; i < 2; ++i) {
    const auto bytes = sample(i).pictures[0].bytes;
    std::ofstream file(path("photos") / (std::to_string(i) + ".bmp"), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  std::ofstream(path("web.json")) << R"([{"image":"0.bmp","caption":"a dog","image_id":7},
    {"image":"0.bmp","caption":"a cat"},{"image":"1.bmp","caption":"a gull"}])";
  std::ofstream(path("human.json")) << R"([{"image":"h.bmp","caption":"one man"}])";
  const auto outcome = run({"--data", path("web.json"), "--human", path("human.json"), "--images",
                            path("photos"), "--threshold", "0", "--output", path("out")});
  EXPECT_EQ(outcome.exit_code, cli::ExitCode::ok) << outcome.err;
  const Json rows = Json::parse(text("out/capfilt.json"));
  ASSERT_THAT(rows, SizeIs(6));
  EXPECT_EQ(rows[0].at("image"), "0.bmp");
  EXPECT_EQ(rows[0].at("image_id"), "7");
  EXPECT_EQ(rows[0].at("source"), "web");
  EXPECT_EQ(rows[1].at("caption"), "a cat");
  EXPECT_EQ(rows[2].at("source"), "synthetic");  // one for the picture, not one for each row
  EXPECT_EQ(
      rows[5],
      Json({{"image", "h.bmp"}, {"caption", "one man"}, {"source", "human"}, {"score", nullptr}}));
  const std::vector<std::string> lists = {path("out") / "capfilt.json"};
  EXPECT_EQ(dataset::Dataset::open(lists).size(), 6U);
}

TEST_F(CapfiltCommand, PassesHumansTextsOnUnjudged) {
  // The same keys as the web's: shards of the parts are their own.
  const auto outcome = run({"--data", shard("web", 3), "--human", shard("human", 2), "--threshold",
                            "1", "--output", path("out")});
  EXPECT_THAT(outcome.out, HasSubstr("human: 4 of 4 texts kept (100.0 %)"));
  EXPECT_THAT(outcome.out, HasSubstr("web: 0 of 6 texts kept (0.0 %)"));
  const std::vector<std::string> shards = {path("out") / "capfilt-{000000..000001}.tar"};
  const auto data = dataset::Dataset::open(shards);  // the first one is empty
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(data.annotation(0).captions, sample(0).captions);
  EXPECT_EQ(decisions("out").back().at("source"), "human");
  EXPECT_TRUE(decisions("out").back().at("score").is_null());
}

TEST_F(CapfiltCommand, KeepsSamplesOfOneKeyApart) {
  const auto outcome =
      run({"--data", shard("a", 2), shard("b", 2), "--threshold", "0", "--output", path("out")});
  EXPECT_EQ(outcome.exit_code, cli::ExitCode::ok) << outcome.err;
  const std::vector<std::string> shards = {path("out") / "capfilt-000000.tar"};
  const auto data = dataset::Dataset::open(shards);
  ASSERT_EQ(data.size(), 4U);
  EXPECT_EQ(data.annotation(2).key, "key0-2");
}

TEST_F(CapfiltCommand, ReportsBadPicturesAndGoesOn) {
  std::vector<dataset::Sample> samples = {sample(0), sample(1), sample(2)};
  samples[1].pictures[0].bytes.resize(100);
  const auto outcome =
      run({"--data", shard_of("web", samples), "--threshold", "0", "--output", path("out")});
  EXPECT_EQ(outcome.exit_code, cli::ExitCode::some_failed);
  EXPECT_THAT(outcome.err, HasSubstr("blip: image 1 (key1): "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  const auto lines = decisions("out");
  ASSERT_THAT(lines, SizeIs(7));
  EXPECT_THAT(lines[3].at("error").get<std::string>(), HasSubstr("bmp"));
  EXPECT_THAT(text("out/report.html"), HasSubstr("<b>1</b><span>image could not be read"));
}

TEST_F(CapfiltCommand, FiltersWithoutACaptionerAndCaptionsWithoutAFilter) {
  std::vector<dataset::Sample> samples = {sample(0)};
  samples[0].captions = {"a dog", " .\" "};
  const std::string web = shard_of("web", samples);
  run({"--data", web, "--filter", filter(), "--threshold", "0", "--output", path("filtered")});
  auto lines = decisions("filtered");
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].at("kept"), true);
  EXPECT_EQ(lines[1].at("kept"), false);  // nothing is left of it in training
  EXPECT_TRUE(lines[1].at("score").is_null());
  run({"--data", web, "--captioner", captioner(), "--output", path("captioned")});
  lines = decisions("captioned");
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0].at("kept"), true);
  EXPECT_EQ(lines[1].at("kept"), false);
  EXPECT_TRUE(lines[2].at("score").is_null());
}

TEST_F(CapfiltCommand, ShowsNoMoreImagesThanWanted) {
  run({"--data", shard("web", 30), "--report-images", "12", "--output", path("out")});
  const std::string page = text("out/report.html");
  std::size_t pictures = 0;
  for (auto at = page.find("<img "); at != std::string::npos; at = page.find("<img ", at + 1)) {
    ++pictures;
  }
  EXPECT_GT(pictures, 0U);
  EXPECT_LE(pictures, 12U);
  EXPECT_THAT(page, HasSubstr("data:image/jpeg;base64,/9j/"));
}

TEST_F(CapfiltCommand, SaysWhatIsWrong) {
  const std::string web = shard("web", 2);
  const std::string out = path("out");
  EXPECT_THAT(message_of({"--output", out}), HasSubstr("--data"));
  EXPECT_THAT(message_of({"--data", web}), HasSubstr("--output"));
  EXPECT_THAT(message_of({"--data", web, "-o", out, "--captioner", ""}),
              HasSubstr("name a --captioner, a --filter or both"));
  EXPECT_THAT(message_of({"--data", web, "-o", out, "--threshold", "2"}), HasSubstr("--threshold"));
  EXPECT_THAT(message_of({"--data", web, "-o", out, "--beams", "3", "--top-p", "0.5"}),
              HasSubstr("--top-p is of sampling"));
  EXPECT_THAT(message_of({"--data", path("nothing.tar"), "-o", out}), HasSubstr("nothing.tar"));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_THAT(message_of({"--data", web, "-o", out, "--captioner", filter()}),
              HasSubstr("needs a BlipForConditionalGeneration"));
  // What went wrong before anything was written can be done again.
  EXPECT_EQ(run({"--data", web, "-o", out}).exit_code, cli::ExitCode::ok);
}

}  // namespace
}  // namespace blip::testing
