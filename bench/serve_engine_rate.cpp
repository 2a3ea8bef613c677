// How fast the server's engine captions a folder for many clients at once, beside `blip caption`'s
// way of doing the same: serve_engine_rate MODEL FOLDER [CLIENTS] [ROUNDS]
//
// The two take turns, because machines are not always equally fast; what counts is the median of
// the ratios. Nothing is cached: every picture is encoded in every round.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/captioner.hpp"
#include "app/images/image_stream.hpp"
#include "checkpoint/model_directory.hpp"
#include "serve/engine/scheduler.hpp"

namespace blip::serve {
namespace {

namespace fs = std::filesystem;
using Captions = std::map<std::string, std::string>;  // by the picture's path

constexpr std::size_t kBatch = 8;  // of both

double seconds_of(const std::function<void()>& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".jpg") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// As src/cli/commands/caption_command.cpp.
Captions caption_as_the_command(const app::Captioner& captioner, const std::vector<fs::path>& paths,
                                Context& context) {
  Captions captions;
  std::size_t next = 0;
  app::ImageStream stream(
      [&](const std::stop_token&) -> std::optional<app::ImageInput> {
        if (next == paths.size()) return std::nullopt;
        const std::size_t index = next++;
        return app::ImageInput{.path = paths[index], .index = index};
      },
      [&](const app::ImageInput& input) { return captioner.pictures()(input.path); },
      context.num_threads(), 2 * kBatch);
  while (const auto batch = stream.next_batch(kBatch)) {
    const auto texts = captioner.caption(batch->images(), context);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      captions[batch->images()[i]->name] = texts[i].front().text;
    }
  }
  return captions;
}

// Every client asks for its next picture when it has the last one's caption.
class Clients {
 public:
  Clients(Engine& engine, const std::vector<fs::path>& paths) : engine_(engine), paths_(paths) {}

  Captions run(std::size_t clients) {
    for (std::size_t i = 0; i < clients; ++i) ask_next(i);
    std::unique_lock lock(mutex_);
    all_done_.wait(lock, [&] { return done_ == paths_.size(); });
    return captions_;
  }

 private:
  void ask_next(std::size_t client) {
    const std::size_t index = next_++;
    if (index >= paths_.size()) return;
    std::ifstream file(paths_[index], std::ios::binary);
    PictureBytes picture;
    picture.owner = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file),
                                                        std::istreambuf_iterator<char>());
    picture.bytes = *picture.owner;
    picture.name = paths_[index].string();
    TaskCallbacks callbacks;
    callbacks.on_done = [this, client, index](const TaskOutcome& outcome) {
      ask_next(client);
      take(index, outcome);  // after the last one, nobody is here any more
    };
    engine_.submit(
        {.input = CaptionTask{.picture = std::move(picture)}, .client = std::to_string(client)},
        std::move(callbacks));
  }

  void take(std::size_t index, const TaskOutcome& outcome) {
    const std::lock_guard lock(mutex_);
    const auto* result = std::get_if<TaskResult>(&outcome);
    captions_[paths_[index].string()] = result != nullptr
                                            ? std::get<TextResult>(result->value).texts.front().text
                                            : std::get<TaskFailure>(outcome).message;
    if (++done_ == paths_.size()) all_done_.notify_one();
  }

  Engine& engine_;
  const std::vector<fs::path>& paths_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::size_t done_ = 0;
  Captions captions_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const std::string& model, const fs::path& folder, std::size_t clients, int rounds) {
  const std::vector<fs::path> paths = pictures_in(folder);
  const app::ModelOptions model_options{.model = resolve_model(model)};
  const app::Captioner captioner(model_options, {.prompt = "", .generation = {}});
  Context context;
  EngineOptions options;
  options.models = {{.name = "model", .options = model_options, .preload = true}};
  options.cache_bytes = 0;
  options.max_batch = kBatch;
  const auto engine = make_engine(options);
  // Both have run once before they are timed.
  const Captions expected = caption_as_the_command(captioner, paths, context);
  std::size_t differ = 0;
  std::vector<double> ratios;
  for (int round = -1; round < rounds; ++round) {
    Captions got;
    const double engine_time = seconds_of([&] { got = Clients(*engine, paths).run(clients); });
    const double command_time =
        seconds_of([&] { caption_as_the_command(captioner, paths, context); });
    for (const auto& [path, caption] : expected) differ += got[path] != caption ? 1 : 0;
    if (round < 0) continue;
    const auto rate = [&](double time) { return static_cast<double>(paths.size()) / time; };
    ratios.push_back(command_time / engine_time);
    fmt::print("round {}: engine {:.1f}/s, command {:.1f}/s, ratio {:.3f}\n", round + 1,
               rate(engine_time), rate(command_time), ratios.back());
  }
  const EngineMetrics metrics = engine->metrics();
  fmt::print("{} pictures, {} clients: median ratio {:.3f}; captions that differ: {}\n",
             paths.size(), clients, median(ratios), differ);
  fmt::print("batch of pictures {:.1f}, of texts {:.1f} on average\n",
             metrics.vision_batch.sum / static_cast<double>(metrics.vision_batch.count),
             metrics.text_batch.sum / static_cast<double>(metrics.text_batch.count));
  return differ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace blip::serve

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: serve_engine_rate MODEL FOLDER [CLIENTS] [ROUNDS]\n");
    return 2;
  }
  try {
    const std::size_t clients = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 32;
    const int rounds = argc > 4 ? std::atoi(argv[4]) : 5;
    return blip::serve::run(argv[1], argv[2], clients, rounds);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
