// blip serve as a user starts and stops it. What it answers is tested in tests/serve/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "pictures.hpp"
#include "program.hpp"

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
  EXPECT_THAT(error_of({"serve", "--config", folder.file("c.toml", "max-bodies = 1\n")}),
              HasSubstr("there is no option 'max-bodies'"));
  EXPECT_THAT(error_of({"serve", "--config", folder.file("c.json", "{\"max-batch\": 0}")}),
              HasSubstr("c.json: --max-batch"));
  EXPECT_THAT(error_of({"serve", "--config", folder.file("d.json", "{\"queue\": {}}")}),
              HasSubstr("neither text, number"));
}

}  // namespace
}  // namespace blip::testing
