// Checkpoints in every layout that a tokenizer comes in, as transformers loads them.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "blip/tokenizer.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;

std::string with_vocabulary(std::string file, const std::string& vocabulary) {
  const std::string placeholder = "\"<<VOCABULARY>>\"";
  if (const std::size_t found = file.find(placeholder); found != std::string::npos) {
    file.replace(found, placeholder.size(), vocabulary);
  }
  return file;
}

TEST(CheckpointLayouts, GiveTheIdsThatTransformersGives) {
  std::ifstream stream(BLIP_TEST_DATA "/checkpoints.json");
  const json data = json::parse(stream);
  const auto texts = data["texts"].get<std::vector<std::string>>();
  const auto vocabulary = data["vocabulary"].get<std::string>();
  ASSERT_GE(data["checkpoints"].size(), 25U);
  for (const json& checkpoint : data["checkpoints"]) {
    SCOPED_TRACE(checkpoint["name"].get<std::string>());
    const TemporaryDirectory directory;
    for (const auto& [name, index] : checkpoint["files"].items()) {
      const auto file = data["files"][index.get<std::size_t>()].get<std::string>();
      directory.write(name, with_vocabulary(file, vocabulary));
    }
    const auto tokenizer = BertTokenizer::from_pretrained(directory.path());
    EXPECT_EQ(tokenizer.vocab_size(), checkpoint["size"].get<std::size_t>());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto ids = checkpoint["ids"][i].get<std::vector<TokenId>>();
      EXPECT_EQ(tokenizer.encode(texts[i]), ids) << texts[i];
      EXPECT_EQ(tokenizer.decode(ids, {.skip_special_tokens = true}),
                checkpoint["decoded"][i].get<std::string>());
    }
  }
}

}  // namespace
}  // namespace blip
