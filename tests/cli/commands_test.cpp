// The program as a whole: commands, help, version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <sstream>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(Commands, HelpGoesToStandardOutput) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"-h"}, {"help"}}) {
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.out, HasSubstr("Usage: blip COMMAND"));
    EXPECT_THAT(run.out, HasSubstr("caption"));
    EXPECT_EQ(run.err, "");
  }
  EXPECT_EQ(run_blip({"caption", "--help"}).out, run_blip({"help", "caption"}).out);
}

TEST(Commands, HelpOfACommandShowsEveryOptionItsVariableAndExamples) {
  const std::map<std::string, int> fewest_options = {{"caption", 20}, {"ask", 25},  {"match", 15},
                                                     {"embed", 15},   {"rank", 15}, {"reason", 8},
                                                     {"explain", 8},  {"verify", 8}};
  for (const auto& [command, fewest] : fewest_options) {
    const std::string help = run_blip({command, "-h"}).out;
    int options = 0;
    for (std::size_t at = help.find(" --"); at != std::string::npos; at = help.find(" --", at)) {
      std::string variable = "BLIP_";
      for (at += 3; at < help.size() && (std::islower(help[at]) != 0 || help[at] == '-'); ++at) {
        variable += help[at] == '-' ? '_' : static_cast<char>(std::toupper(help[at]));
      }
      if (variable == "BLIP_HELP") continue;
      EXPECT_THAT(help, HasSubstr(variable)) << command;
      ++options;
    }
    EXPECT_GE(options, fewest) << command;
    for (const char* text : {"Usage: blip ", "\nExample", "\nExit code"}) {
      EXPECT_THAT(help, HasSubstr(text)) << command;
    }
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(Commands, VersionIsTheProjects) {
  const Outcome run = run_blip({"--version"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, MatchesRegex("blip [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Commands, VersionTellsWhatTheBuildHas) {
  const Outcome run = run_blip({"--version", "--verbose"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, MatchesRegex("blip [0-9]+\\.[0-9]+\\.[0-9]+\n(.|\n)*"));
  for (const char* name : {"oneDNN", "libvips", "OpenSSL", "in use here", "bundled models"}) {
    EXPECT_THAT(run.out, HasSubstr("\n" + std::string(name) + "  ")) << name;
  }
  EXPECT_THAT(run.out, Not(HasSubstr("unknown")));
}

TEST(Commands, NoCommandOrAnUnknownOneIsTwo) {
  EXPECT_EQ(run_blip({}).exit_code, 2);
  const Outcome unknown = run_blip({"frobnicate"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.err, "blip: unknown command 'frobnicate'; see: blip --help\n");
  EXPECT_EQ(run_blip({"help", "frobnicate"}).exit_code, 2);
}

TEST(Commands, AnImageWithoutACommandIsUnderstood) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const Outcome run = run_blip({a});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("did you mean: blip caption " + a));
}

TEST(Commands, ModelsListsTheBundledOnesWithTheirDirectories) {
  const Outcome run = run_blip({"models"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("nano-captioning\t/"), HasSubstr("nano-retrieval\t/"),
                             HasSubstr("nano-vqa\t/")));
  EXPECT_EQ(run_blip({"models", "surplus"}).exit_code, 2);
}

}  // namespace
}  // namespace blip::testing
