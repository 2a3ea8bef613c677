// blip serve as a user starts and stops it. What it answers is tested in tests/serve/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

// The answer to `request` over the Unix socket at `path`; "" while nobody listens.
std::string ask_at(const std::string& path, const std::string& request) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  std::string answer;
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      write(descriptor, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char bytes[4096];
    for (ssize_t count = 0; (count = read(descriptor, bytes, sizeof(bytes))) > 0;) {
      answer.append(bytes, static_cast<std::size_t>(count));
    }
  }
  close(descriptor);
  return answer;
}

std::string wait_and_ask(const std::string& path, const std::string& request) {
  for (;;) {
    const std::string answer = ask_at(path, request);
    if (!answer.empty()) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(Serve, AnswersUntilItIsAskedToStop) {
  const Folder folder;
  const std::string socket = folder / "s";
  const std::string config =
      folder.file("serve.toml", "model = [\"nano-captioning\"]\nlisten = [\"unix:" + socket +
                                    "\"]\nmax-batch = 4\n");
  BackgroundBlip blip({"serve", "--config", config});
  EXPECT_THAT(wait_and_ask(socket, "GET /livez HTTP/1.0\r\n\r\n"), HasSubstr("200 OK"));
  const std::string picture = read_file(folder.picture("a.png"));
  EXPECT_THAT(wait_and_ask(socket, "POST / HTTP/1.0\r\nContent-Length: " +
                                       std::to_string(picture.size()) + "\r\n\r\n" + picture),
              HasSubstr("[{\"generated_text\":\""));
  blip.signal(SIGTERM);
  EXPECT_EQ(blip.wait().exit_code, 0);
}

TEST(Serve, ModeratesAsTheCommandDoes) {
  const Folder folder;
  const std::string socket = folder / "s";
  const std::string policy =
      folder.file("policy.json", R"({"version": 1, "models": {"texts": ")" + task_model("itm") +
                                     R"(", "questions": ")" + task_model("vqa") +
                                     R"(", "captions": "nano"}, "rules": [
            {"category": "a", "texts": ["a cat", "a dog"], "against": ["x"], "review": -2},
            {"category": "b", "question": "is it a cat?", "block": 1.1},
            {"category": "c", "words": ["sale"], "action": "block"}]})");
  BackgroundBlip blip(
      {"serve", "-m", "mine=nano", "--policy", policy, "--listen", "unix:" + socket});
  const std::string picture = folder.picture("a.png");
  const std::string bytes = read_file(picture);
  const std::string answer =
      wait_and_ask(socket,
                   "POST /blip/v1/moderate?text=a+sale HTTP/1.0\r\nContent-Type: image/png\r\n"
                   "Content-Length: " +
                       std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  auto decision = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  EXPECT_EQ(decision["action"], "block");
  write_file(folder / "list.jsonl",
             nlohmann::json({{"path", picture}, {"text", "a sale"}}).dump() + "\n");
  const Outcome run =
      run_blip({"moderate", "--from-file", folder / "list.jsonl", "--policy", policy});
  decision["path"] = picture;
  EXPECT_EQ(decision, json_lines(run.out).at(0));
  blip.signal(SIGTERM);
  EXPECT_EQ(blip.wait().exit_code, 0);
}

nlohmann::json json_at(const std::string& socket, const std::string& path) {
  const std::string answer = wait_and_ask(socket, "GET " + path + " HTTP/1.0\r\n\r\n");
  return nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

TEST(Serve, ShowsALibraryAndFindsWhatTheCommandFinds) {
  const Folder folder;
  const std::string index = folder / "library.db";
  const std::string socket = folder / "s";
  for (const char* name : {"a.png", "b.png", "c.png"}) folder.picture(name);
  ASSERT_EQ(run_blip({"index", folder / "", "--index", index}).exit_code, 0);
  // Of a model that is not named: it is served as well.
  BackgroundBlip blip(
      {"serve", "-m", "nano-captioning", "--library", index, "--listen", "unix:" + socket});
  const auto library = json_at(socket, "/blip/v1/library");
  EXPECT_EQ(library["photos"], 3);
  EXPECT_EQ(library["model"], "nano-retrieval");
  EXPECT_EQ(json_at(socket, "/blip/v1/models")["library"], true);
  const auto found = json_at(socket, "/blip/v1/library/photos?q=a+red+square&not=sky");
  const Outcome run = run_blip({"search", "a red square", "--not", "sky", "--index", index,
                                "--format", "jsonl", "--no-rerank"});
  const auto lines = json_lines(run.out);
  ASSERT_EQ(found["photos"].size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_THAT(lines[i]["path"].get<std::string>(),
                HasSubstr(found["photos"][i]["name"].get<std::string>()));
    EXPECT_NEAR(lines[i]["score"].get<float>(), found["photos"][i]["score"].get<float>(), 1e-4);
  }
  blip.signal(SIGTERM);
  EXPECT_EQ(blip.wait().exit_code, 0);
}

TEST(Serve, SaysWhatIsWrongBeforeItLoadsAnything) {
  const Folder folder;
  const auto error_of = [](const std::vector<std::string>& arguments) {
    const Outcome run = run_blip(arguments);
    EXPECT_EQ(run.exit_code, 2);
    return run.err;
  };
  EXPECT_THAT(error_of({"serve", "--listen", "8080"}), HasSubstr("'8080' is no place to listen"));
  EXPECT_THAT(error_of({"serve", "--max-body", "64X"}), HasSubstr("not a number of bytes"));
  EXPECT_THAT(error_of({"serve", "--alias", "x"}), HasSubstr("'x' is no alias"));
  EXPECT_THAT(error_of({"serve", "--api-key-file", folder / "none"}), HasSubstr("cannot be read"));
  EXPECT_THAT(error_of({"serve", "--policy", folder / "none"}), HasSubstr("none"));
  EXPECT_THAT(error_of({"serve", "--library", folder / "none.db"}), HasSubstr("none.db"));
  EXPECT_THAT(error_of({"serve", "--library", folder.file("text.db", "no index")}),
              HasSubstr("text.db"));
  EXPECT_THAT(error_of({"serve", "--policy", folder.file("p.json", "{}")}),
              HasSubstr("p.json: version is missing"));
  EXPECT_THAT(error_of({"serve", "--policy",
                        folder.file("q.json", R"({"version": 1, "rules": [{"category": "a",
                        "words": ["x"], "in": ["text"]}]})")}),
              HasSubstr("q.json: the policy has no rule that looks at pictures"));
  EXPECT_THAT(error_of({"serve", "--policy", folder.file("r.json", R"({"version": 1,
                        "models": {"texts": "nano"}, "rules": [{"category": "a", "texts": ["x"],
                        "review": 0}]})")}),
              HasSubstr("nano is of no use for the policy's rules: it cannot match"));
  EXPECT_THAT(error_of({"serve", "--config", folder.file("c.toml", "max-bodies = 1\n")}),
              HasSubstr("there is no option 'max-bodies'"));
  EXPECT_THAT(error_of({"serve", "--config", folder.file("c.json", "{\"max-batch\": 0}")}),
              HasSubstr("c.json: --max-batch"));
  EXPECT_THAT(error_of({"serve", "--config", folder.file("d.json", "{\"queue\": {}}")}),
              HasSubstr("neither text, number"));
}

}  // namespace
}  // namespace blip::testing
