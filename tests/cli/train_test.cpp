// `blip train` starts blip-train, wherever that is, and says so if there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class Train : public ::testing::Test {
 protected:
  // A copy, beside which there is only what a test puts there.
  void SetUp() override {
    std::filesystem::create_directories(path("bin"));
    std::filesystem::create_directories(path("elsewhere"));
    std::filesystem::copy_file(program_path(), path("bin/blip"));
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  // A program that says what it was given.
  void put_program(const std::string& directory, bool executable = true) const {
    const std::string file = path(directory + "/blip-train");
    std::ofstream(file) << "#!/bin/sh\necho " << directory << "\nprintf '<%s>' \"$@\"\nexit 7\n";
    std::filesystem::permissions(
        file, executable ? std::filesystem::perms::owner_all : std::filesystem::perms::owner_read);
  }

  [[nodiscard]] Outcome train(const std::string& words) const {
    const std::string command = "PATH='" + path("elsewhere") + ":/bin:/usr/bin' '" +
                                path("bin/blip") + "' train " + words + " >'" + path("out") +
                                "' 2>'" + path("err") + "'";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c)
    return {WEXITSTATUS(status), false, content("out"), content("err")};
  }

 private:
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Folder folder_;
};

TEST_F(Train, PassesEverythingOnToTheProgramBesideIt) {
  put_program("bin");
  put_program("elsewhere");
  const Outcome run = train("caption --set 'a b' --help ''");
  EXPECT_EQ(run.exit_code, 7);
  EXPECT_EQ(run.out, "bin\n<caption><--set><a b><--help><>");
  EXPECT_EQ(run.err, "");
}

TEST_F(Train, FindsTheProgramInPath) {
  put_program("bin", /*executable=*/false);
  put_program("elsewhere");
  EXPECT_EQ(train("plot").out, "elsewhere\n<plot>");
}

TEST_F(Train, SaysHowToBuildIt) {
  const Outcome run = train("plot");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("blip: this blip was built without training; "));
  EXPECT_THAT(run.err, HasSubstr("-DBLIP_TRAIN=ON"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
  const Outcome help = train("--help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("-DBLIP_TRAIN=ON"));
}

}  // namespace
}  // namespace blip::testing
