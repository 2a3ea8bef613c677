#include "task_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "pictures.hpp"
#include "tests/tasks/filled_model.hpp"

namespace blip::testing {
namespace {

// Text and numbers in turn, as they follow each other in an output.
struct Pieces {
  std::vector<std::string> texts = {""};
  std::vector<double> numbers;
};

Pieces pieces_of(const std::string& output) {
  Pieces pieces;
  for (const char* at = output.c_str(); *at != '\0';) {
    const bool in_word = !pieces.texts.back().empty() && std::isalnum(pieces.texts.back().back());
    const bool begins = std::isdigit(*at) != 0 || (*at == '-' && std::isdigit(at[1]) != 0);
    if (!begins || in_word) {
      pieces.texts.back() += *at++;
      continue;
    }
    char* end = nullptr;
    pieces.numbers.push_back(std::strtod(at, &end));
    pieces.texts.emplace_back();
    at = end;
  }
  return pieces;
}

const std::string kData = std::string(BLIP_SOURCE_DIR) + "/tests/tasks/data/";

}  // namespace

std::string task_model(const std::string& name) {
  return kData + name;
}

std::string drawing_model() {
  struct WithTokenizer : FilledModel {
    WithTokenizer()
        : FilledModel(FilledGolden{
              nlohmann::json::parse(read_file(task_model("dalle.json"))).at("scaled")}) {
      directory().write("vocab.json", R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "Ġ": 4,
        "a": 5, "c": 6, "t": 7, "Ġc": 8, "at": 9, "Ġcat": 10, "d": 11, "o": 12, "g": 13})");
      directory().write("merges.txt", "#version: 0.2\nĠ c\na t\nĠc at\n");
    }
  };
  static const WithTokenizer kModel;
  return kModel.path().string();
}

const nlohmann::json& expectations(const std::string& name) {
  static const nlohmann::json kAll = nlohmann::json::parse(read_file(kData + "expected.json"));
  return kAll.at(name);
}

std::string photo_folder() {
  return std::string(BLIP_SOURCE_DIR) + "/tests/photos";  // those with known results
}

std::string photo(std::size_t number) {
  return photo_folder() + "/" + expectations("vqa").at("photos").at(number).get<std::string>();
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

void expect_same_to_rounding(const std::string& actual, const std::string& expected) {
  const Pieces got = pieces_of(actual);
  const Pieces wanted = pieces_of(expected);
  ASSERT_EQ(got.texts, wanted.texts);
  for (std::size_t i = 0; i < wanted.numbers.size(); ++i) {
    const double size = std::max(1.0, std::abs(wanted.numbers[i]));
    ASSERT_NEAR(got.numbers[i], wanted.numbers[i], 1e-6 * size) << actual;
  }
}

}  // namespace blip::testing
