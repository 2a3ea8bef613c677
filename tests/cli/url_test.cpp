// Images by URL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"
#include "tests/hub/http_server.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class ImagesByUrl : public ::testing::Test {
 protected:
  static ServerReply answer(const ServerRequest& request) {
    if (request.path == "/dog.png?size=1") return {.body = png(32, 24, 1)};
    if (request.path == "/cat%20one.png") return {.body = png(32, 24, 2)};
    if (request.path == "/moved")
      return {.status = 301, .headers = {{"Location", "/dog.png?size=1"}}};
    if (request.path == "/page.html") return {.body = "<html>no picture</html>"};
    if (request.path == "/file")
      return {.status = 302, .headers = {{"Location", "file:///etc/passwd"}}};
    return {.status = 404};
  }
  [[nodiscard]] std::string caption_of(std::uint32_t seed) const {
    return run_blip({"caption", folder_.picture("seed.png", seed)}).out;
  }

  QuietEnvironment quiet_;
  Folder folder_;
  HttpServer server_{&answer};
};

TEST_F(ImagesByUrl, OnePrintsItsCaptionAlone) {
  const Outcome run = run_blip({"caption", server_.url("/dog.png?size=1")});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, caption_of(1));
  EXPECT_EQ(run_blip({"caption", server_.url("/moved")}).out, run.out);
}

TEST_F(ImagesByUrl, StandAmongFilesAndInLists) {
  const std::string file = folder_.picture("b.png", 3);
  const std::string list = folder_.file("list", server_.url("/cat one.png") + "\n" + file + "\n");
  const std::string url = server_.url("/dog.png?size=1");
  const Outcome run = run_blip({"caption", url, "--from-file", list, "-f", "json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto records = nlohmann::json::parse(run.out);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0]["path"], url);
  EXPECT_EQ(records[1]["path"], server_.url("/cat one.png"));
  EXPECT_EQ(records[2]["path"], file);
  EXPECT_EQ(records[0]["caption"].get<std::string>() + "\n", caption_of(1));
  EXPECT_EQ(records[1]["caption"].get<std::string>() + "\n", caption_of(2));
}

TEST_F(ImagesByUrl, EachFailsForItself) {
  const std::string good = server_.url("/dog.png?size=1");
  const std::string page = server_.url("/page.html");
  const std::string gone = server_.url("/gone.png");
  const std::string elsewhere = server_.url("/file");
  const Outcome run = run_blip({"caption", gone, page, "http://127.0.0.1:1/x.png", elsewhere,
                                "ftp://127.0.0.1/x.png", "HTTP://", good, "-f", "jsonl"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("blip: " + gone + ": the server answers 404"));
  EXPECT_THAT(run.err, HasSubstr("blip: " + page + ": "));
  EXPECT_THAT(run.err, HasSubstr("blip: http://127.0.0.1:1/x.png: "));
  EXPECT_THAT(run.err, HasSubstr("blip: " + elsewhere + ": redirects to \"file:///etc/passwd\""));
  EXPECT_THAT(run.err, HasSubstr("blip: ftp://127.0.0.1/x.png: pictures come from files or by http "
                                 "and https, not by ftp\n"));
  EXPECT_THAT(run.err, HasSubstr("blip: HTTP://: not a URL"));
  EXPECT_THAT(run.out, HasSubstr("{\"path\":\"" + gone + "\",\"error\":\"the server answers 404"));
  EXPECT_THAT(run.out, HasSubstr("{\"path\":\"" + good + "\",\"caption\":"));
}

TEST_F(ImagesByUrl, AreResumedLikeFiles) {
  const std::string first = server_.url("/dog.png?size=1");
  const std::string second = server_.url("/moved");
  const std::string out = folder_ / "out.jsonl";
  EXPECT_EQ(run_blip({"caption", first, "-o", out}).exit_code, 0);
  const std::size_t before = server_.requests().size();
  EXPECT_EQ(run_blip({"caption", first, second, "-o", out, "--resume"}).exit_code, 0);
  EXPECT_EQ(server_.requests().size(), before + 2);  // the second and where it leads
  EXPECT_THAT(read_file(out), HasSubstr(second));
}

TEST_F(ImagesByUrl, AUrlWithoutACommandIsUnderstood) {
  const std::string url = server_.url("/dog.png?size=1");
  EXPECT_THAT(run_blip({url}).err, HasSubstr("did you mean: blip caption " + url));
}

}  // namespace
}  // namespace blip::testing
