// `--dtype`: which number type weights are held in, and how `auto` chooses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// The embeddings of photos tell the types apart, in their last digits at least.
std::string embeddings(const std::string& dtype, const RunOptions& options = {}) {
  std::vector<std::string> words = {"embed",        "--model",  task_model("itm"),
                                    photo_folder(), "--format", "jsonl"};
  if (!dtype.empty()) words.insert(words.end(), {"--dtype", dtype});
  const Outcome run = run_blip(words, options);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.out;
}

std::string host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

TEST(WeightType, IsAsStoredUnlessAskedFor) {
  EXPECT_EQ(embeddings(""), embeddings("stored"));
  EXPECT_EQ(embeddings("stored"), embeddings("f32")) << "what this model is stored in";
  EXPECT_NE(embeddings("int8"), embeddings("f32"));
  EXPECT_EQ(embeddings("", {.environment = {{"BLIP_DTYPE", "int8"}}}), embeddings("int8"));
}

TEST(WeightType, Int8StaysCloseToFloat) {
  const auto exact = json_lines(embeddings("f32"));
  const auto rough = json_lines(embeddings("int8"));
  ASSERT_EQ(rough.size(), exact.size());
  for (std::size_t row = 0; row < exact.size(); ++row) {
    const auto a = exact[row].at("embedding").get<std::vector<float>>();
    const auto b = rough[row].at("embedding").get<std::vector<float>>();
    float cosine = 0.0F;
    for (std::size_t i = 0; i < a.size(); ++i) cosine += a[i] * b[i];
    EXPECT_GT(cosine, 0.999F);
  }
}

TEST(InstructionSet, AnyGivesTheSameEmbeddings) {
  const auto exact = json_lines(embeddings("f32"));
  int had = 0;
  for (const std::string isa : {"sse4", "avx2", "avx512", "vnni", "amx"}) {
    for (const std::string dtype : {"f32", "int8"}) {
      const Outcome run = run_blip({"embed", "--model", task_model("itm"), photo_folder(),
                                    "--format", "jsonl", "--dtype", dtype, "--isa", isa});
      if (run.exit_code == 2) {
        EXPECT_EQ(run.err, "blip: --isa " + isa + ": this processor does not have it\n");
        continue;
      }
      ++had;
      const auto found = json_lines(run.out);
      ASSERT_EQ(found.size(), exact.size());
      for (std::size_t row = 0; row < exact.size(); ++row) {
        const auto a = exact[row].at("embedding").get<std::vector<float>>();
        const auto b = found[row].at("embedding").get<std::vector<float>>();
        float cosine = 0.0F;
        for (std::size_t i = 0; i < a.size(); ++i) cosine += a[i] * b[i];
        EXPECT_GT(cosine, dtype == "f32" ? 0.999999F : 0.999F) << isa << " " << dtype;
      }
    }
  }
#if defined(__x86_64__)
  EXPECT_GE(had, 2) << "sse4 is everywhere";
#endif
  EXPECT_EQ(run_blip({"embed", "--isa", "mmx", photo_folder()}).exit_code, 2);
}

TEST(WeightType, AutoMeasuresOnceAndRemembers) {
  const Folder folder;
  const RunOptions options = {.environment = {{"XDG_CACHE_HOME", folder / "cache"}}};
  const std::string measured = embeddings("auto", options);
  const std::string file = folder / "cache/blip/fastest-weights";
  const std::string answer = read_file(file);
  EXPECT_THAT(answer, AnyOf(host() + " int8\n", host() + " stored\n"));
  EXPECT_EQ(measured,
            embeddings(answer.substr(host().size() + 1, answer.size() - host().size() - 2)));

  // What is remembered counts, whichever it is; what is not understood is measured again.
  for (const std::string type : {"int8", "stored"}) {
    write_file(file, host() + " " + type + "\n");
    EXPECT_EQ(embeddings("auto", options), embeddings(type));
    EXPECT_EQ(read_file(file), host() + " " + type + "\n");
  }
  for (const std::string& strange : {std::string("another-host int8\n"), std::string("int8"),
                                     std::string(5000, 'x'), std::string()}) {
    write_file(file, strange);
    embeddings("auto", options);
    EXPECT_THAT(read_file(file), AnyOf(host() + " int8\n", host() + " stored\n"));
  }
}

TEST(WeightType, AutoNeedsNowhereToRemember) {
  EXPECT_NE(embeddings("auto", {.environment = {{"XDG_CACHE_HOME", "/dev/null"}}}), "");
  EXPECT_NE(embeddings("auto", {.environment = {{"XDG_CACHE_HOME", ""}, {"HOME", ""}}}), "");
}

TEST(WeightType, IsAnOptionOfEveryCommandThatRunsAModel) {
  for (const char* command : {"caption", "ask", "match", "embed", "rank", "reason"}) {
    const Outcome help = run_blip({command, "--help"});
    EXPECT_THAT(help.out, HasSubstr("--dtype TYPE")) << command;
    const Outcome run = run_blip({command, "--dtype", "int4"});
    EXPECT_EQ(run.exit_code, 2) << command;
    EXPECT_THAT(run.err, HasSubstr("'int4' is none of auto, stored, f32, f16, bf16, int8"));
  }
}

}  // namespace
}  // namespace blip::testing
