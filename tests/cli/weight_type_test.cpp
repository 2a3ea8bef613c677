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
using ::testing::EndsWith;
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

// "TYPE INSTRUCTIONS HOST PROCESSOR", as it is remembered.
struct Remembered {
  explicit Remembered(const std::string& line)
      : type(line.substr(0, line.find(' '))), circumstances(line.substr(type.size())) {}
  std::string type;
  std::string circumstances;
};

TEST(WeightType, AutoMeasuresOnceAndRemembers) {
  const Folder folder;
  const RunOptions options = {.environment = {{"XDG_CACHE_HOME", folder / "cache"}}};
  const std::string measured = embeddings("auto", options);
  const std::string file = folder / "cache/blip/fastest-weights";
  const Remembered answer(read_file(file));
  EXPECT_THAT(answer.type, AnyOf("int8", "stored"));
  EXPECT_THAT(answer.circumstances, HasSubstr(' ' + host() + ' '));
  EXPECT_EQ(measured, embeddings(answer.type));

  // What is remembered counts, whichever it is; what is not understood is measured again.
  for (const std::string type : {"int8", "stored"}) {
    write_file(file, type + answer.circumstances);
    EXPECT_EQ(embeddings("auto", options), embeddings(type));
    EXPECT_EQ(read_file(file), type + answer.circumstances);
  }
  for (const std::string& strange :
       {std::string("int8"), std::string(100'000, 'x'), std::string("\n\n"), std::string()}) {
    write_file(file, strange);
    embeddings("auto", options);
    EXPECT_THAT(read_file(file), EndsWith(answer.circumstances));
  }
}

TEST(WeightType, AutoRemembersForTheInstructionsHostAndProcessor) {
  const Folder folder;
  const std::string file = folder / "cache/blip/fastest-weights";
  const auto measure = [&](const std::string& isa) {
    const RunOptions options = {.environment = {{"XDG_CACHE_HOME", folder / "cache"}}};
    std::vector<std::string> words = {"embed",   "--model", task_model("itm"), photo_folder(),
                                      "--dtype", "auto",    "--format",        "jsonl"};
    if (!isa.empty()) words.insert(words.end(), {"--isa", isa});
    const Outcome run = run_blip(words, options);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  measure("");
  const Remembered usual(read_file(file));
  if (usual.circumstances.starts_with(" sse4 ") || usual.circumstances.starts_with(" neon ")) {
    GTEST_SKIP() << "there is one instruction set only";
  }
  const std::string limited =
      " sse4" + usual.circumstances.substr(usual.circumstances.find(' ', 1));
  // Elsewhere measured: of no use here, and kept.
  const std::string elsewhere = "stored amx another-host Some Processor\n";
  const std::string other_processor =
      "stored" + usual.circumstances.substr(0, usual.circumstances.size() - 1) + "X\n";
  write_file(file, elsewhere + other_processor + "int8" + usual.circumstances);
  const std::string before = read_file(file);
  measure("");
  EXPECT_EQ(read_file(file), before) << "was remembered";
  measure("sse4");
  const std::string after = read_file(file);
  EXPECT_THAT(after, EndsWith(before)) << "nothing else is forgotten";
  EXPECT_EQ(Remembered(after.substr(0, after.size() - before.size())).circumstances, limited);
  // Each answer counts where it was measured.
  write_file(file, "int8" + usual.circumstances + "stored" + limited);
  EXPECT_EQ(measure(""), embeddings("int8"));
  EXPECT_EQ(measure("sse4"), run_blip({"embed", "--model", task_model("itm"), photo_folder(),
                                       "--dtype", "stored", "--format", "jsonl", "--isa", "sse4"},
                                      {})
                                 .out);
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
