// `blip alt`: a review file first, then the pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Outcome alt(std::vector<std::string> words) {
  words.insert(words.begin(), {"alt", "-m", "nano"});
  return run_blip(words);
}

TEST(Alt, SuggestsThenWritesWhatSomebodyHasRead) {
  const Folder folder;
  const std::string site = folder / "site";
  folder.picture("site/img/a b.png", 1);
  folder.picture("outside.png", 2);
  const std::string page = folder.file(
      "site/sub/page.html",
      "<img src='../img/a%20b.png?x=1'>\n<img src=/img/a%20b.png>\n<img src=../../outside.png>\n"
      "<img src=https://example.org/x.png><img alt='' src=../img/a%20b.png>\n");
  const Outcome found = alt({site, "-o", folder / "review.jsonl"});
  ASSERT_EQ(found.exit_code, 0) << found.err;
  EXPECT_THAT(found.err, HasSubstr("1 pages: 4 pictures without alternative text, 2 of them "
                                   "without a suggestion; 0 with text, 1 decorative"));
  const auto review = json_lines(read_file(folder / "review.jsonl"));
  ASSERT_EQ(review.size(), 4U);
  EXPECT_EQ(review[0]["path"], page);
  EXPECT_EQ(review[1]["line"], 2);
  EXPECT_EQ(review[0]["suggestion"], review[1]["suggestion"]);
  EXPECT_THAT(review[0]["suggestion"].get<std::string>(), ::testing::EndsWith("."));
  EXPECT_EQ(review[2]["note"], "is outside of the site");
  EXPECT_TRUE(review[2]["suggestion"].is_null());
  EXPECT_EQ(review[3]["note"], "is elsewhere");

  auto first = review[0];
  first["suggestion"] = "By hand & read";
  write_file(folder / "review.jsonl", first.dump() + "\n" + review[3].dump() + "\n");
  const Outcome written = alt({site, "--write", folder / "review.jsonl"});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(read_file(page),
              ::testing::StartsWith("<img alt=\"By hand &amp; read\" src='../img/a%20b.png?x=1'>\n"
                                    "<img src=/img/a%20b.png>\n"));
  const Outcome again = alt({site, "--write", folder / "review.jsonl"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr(page + ":1: no picture"));
}

TEST(Alt, AFolderThatCannotBeReadIsNamedAndTheOthersAreDone) {
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is unreadable to root";
  const Folder folder;
  const std::string site = folder / "site";
  folder.picture("site/a.png", 1);
  folder.file("site/page.html", "<img src=a.png>");
  folder.file("site/closed/page.html", "<img src=../a.png>");
  fs::permissions(site + "/closed", fs::perms::none);
  const Outcome found = alt({site});
  fs::permissions(site + "/closed", fs::perms::owner_all);
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.err, HasSubstr(site + "/closed: Permission denied"));
  EXPECT_EQ(json_lines(found.out).size(), 1U);
}

TEST(Alt, WritesIntoAPipe) {
  const Folder folder;
  folder.picture("a.png", 1);
  folder.file("page.html", "<img src=a.png>");
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [&] { return read_file(pipe); });
  const Outcome found = alt({folder / "page.html", "-o", pipe});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(json_lines(reader.get()).size(), 1U);
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(Alt, NeverLeavesTheSite) {
  const Folder folder;
  fs::create_directories(folder / "site");
  const std::string outside = folder.file("outside.html", "<img src=a.png>");
  folder.picture("secret.png", 1);
  fs::create_symlink(folder / "secret.png", folder / "site/link.png");
  fs::create_symlink(outside, folder / "site/link.html");
  folder.file("site/page.md", "![](link.png)\n");
  const Outcome found = alt({folder / "site"});
  const auto review = json_lines(found.out);
  ASSERT_EQ(review.size(), 1U) << "pages behind links are not of the site";
  EXPECT_EQ(review[0]["note"], "is outside of the site");
  for (const std::string& page :
       {outside, folder / "site/link.html", folder / "site/../outside.html"}) {
    write_file(folder / "r.jsonl",
               nlohmann::json({{"path", page}, {"line", 1}, {"src", "a.png"}, {"suggestion", "x"}})
                   .dump());
    const Outcome written = alt({folder / "site", "--write", folder / "r.jsonl"});
    EXPECT_EQ(written.exit_code, 1);
    EXPECT_THAT(written.err, HasSubstr("is no page of"));
    EXPECT_EQ(read_file(outside), "<img src=a.png>");
  }
}

TEST(Alt, SpacersGetAnEmptyTextAndBadPicturesANote) {
  const Folder folder;
  write_file(folder / "spacer.png", png(2, 40, 1));
  folder.file("bad.png", "no picture");
  folder.file("page.html", "<img src=spacer.png><img src=bad.png>");
  const Outcome found = alt({folder.path()});
  EXPECT_EQ(found.exit_code, 1);
  const auto review = json_lines(found.out);
  ASSERT_EQ(review.size(), 2U);
  EXPECT_EQ(review[0]["suggestion"], "");
  EXPECT_TRUE(review[1]["suggestion"].is_null());
  EXPECT_NE(review[1]["note"], "");
}

}  // namespace
}  // namespace blip::testing
