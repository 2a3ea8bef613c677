// blip draw: pictures from words.
#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/draw/drawer.hpp"
#include "app/draw/picture_file.hpp"
#include "blip/error.hpp"
#include "cli/commands.hpp"
#include "cli/input/line_reader.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/draw_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/progress.hpp"
#include "core/durable_file.hpp"

namespace blip::cli {
namespace {

// Prompts that are read before the first of them is drawn: the text encoder is in memory only as
// long, and each takes 256 KB.
constexpr std::size_t kPromptsAtOnce = 256;

struct Order {
  std::size_t number = 0;  // of the prompt, from 1
  std::string text;
  std::filesystem::path file;
  app::Prompt prompt = {};  // once it is there
};

std::vector<Order> orders_of(const DrawOptions& options) {
  std::vector<std::string> texts = options.prompts;
  if (!options.list.empty()) {
    LineReader reader(options.list, '\n');
    while (auto line = reader.next(std::stop_token())) texts.push_back(std::move(*line));
    if (texts.empty()) throw UsageError(options.list + ": has no prompts");
  }
  std::vector<Order> orders;
  for (std::string& text : texts) {
    Order order = {.number = orders.size() + 1, .text = std::move(text), .file = options.output};
    if (options.writes_folder()) {
      order.file /= app::drawing_name(order.number, order.text) + ".png";
    }
    orders.push_back(std::move(order));
  }
  return orders;
}

class DrawRun {
 public:
  explicit DrawRun(const DrawOptions& options)
      : options_(options), watcher_([] { write_to_stderr("\n"); }) {}

  ExitCode run() {
    std::vector<Order> orders = orders_of(options_);
    const std::size_t asked = orders.size();
    if (options_.resume) {
      std::erase_if(orders, [](const Order& order) {
        std::error_code ignored;
        return std::filesystem::exists(order.file, ignored);
      });
    }
    if (orders.empty()) return ExitCode::ok;
    const app::Drawer drawer(find_model(options_.model, {}, options_.quiet), options_.drawer());
    check_start_token(drawer);
    if (!options_.rerank.empty()) {
      judge_.emplace(app::ModelOptions{.model = find_model(options_.rerank, options_.quiet)});
    }
    context_.emplace(ContextOptions{.num_threads = options_.model.threads});
    if (options_.writes_folder()) make_directories(options_.output);
    if (!options_.progress.empty()) make_directories(options_.progress);
    const auto length = static_cast<std::size_t>(drawer.config().image_length);
    Progress progress(!options_.quiet && terminal_shows_progress(), orders.size() * length,
                      "pieces");
    for (std::size_t first = 0; first < orders.size(); first += kPromptsAtOnce) {
      const std::size_t count = std::min(kPromptsAtOnce, orders.size() - first);
      draw_some(std::span(orders).subspan(first, count), first * length, drawer, progress);
    }
    progress.finish(orders.size() * length, failed_);
    if (failed_ == 0) return ExitCode::ok;
    return failed_ == asked ? ExitCode::cannot_run : ExitCode::some_failed;
  }

 private:
  void check_start_token(const app::Drawer& drawer) const {
    const int most = drawer.config().image_vocab_size;
    if (options_.start_token && *options_.start_token > most) {
      throw UsageError(fmt::format("--start-token: this model has tokens from 0 to {}", most));
    }
  }

  void draw_some(std::span<Order> orders, std::size_t done, const app::Drawer& drawer,
                 Progress& progress) {
    const auto length = static_cast<std::size_t>(drawer.config().image_length);
    const auto attempt = [&](const Order& order, auto&& action) {
      try {
        action();
      } catch (const WriteError&) {
        throw;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_argument &&
            error.code() != ErrorCode::limit_exceeded) {
          throw;
        }
        progress.clear();
        ++failed_;
        print_message(options_.writes_folder()
                          ? fmt::format("prompt {}: {}", order.number, error.what())
                          : std::string(error.what()));
      }
    };
    for (Order& order : orders) {
      attempt(order, [&] {
        app::Prompt prompt = drawer.prompt(order.text);
        drawer.read(prompt, *context_);
        order.prompt = std::move(prompt);
      });
      if (order.prompt.left_out > 0) {
        progress.clear();
        print_message(fmt::format("prompt {}: the model reads {} tokens: the last {} are left out",
                                  order.number, drawer.config().max_text_length,
                                  order.prompt.left_out));
      }
    }
    for (Order& order : orders) {
      if (!order.prompt.states.empty()) {
        attempt(order, [&] { draw(order, done, drawer, progress); });
        order.prompt.states = {};
      }
      done += length;
      progress.draw(done, failed_);
    }
  }

  void draw(const Order& order, std::size_t before, const app::Drawer& drawer, Progress& progress) {
    const auto on_step = [&](std::size_t done, std::size_t) {
      progress.draw(before + done, failed_);
      return true;
    };
    const auto on_picture = [&](std::size_t done, const Image& picture) {
      const std::string name =
          options_.writes_folder() ? app::drawing_name(order.number, order.text) + "-" : "";
      app::write_picture(
          std::filesystem::path(options_.progress) / fmt::format("{}{:04}.png", name, done),
          picture);
    };
    const app::Drawing drawing = drawer.draw(order.prompt, *context_, on_step, on_picture);
    if (app::picture_format_of(order.file) == app::PictureFormat::npy) {
      app::write_numbers(order.file, drawing);
    } else if (judge_) {
      const auto verdict = judge_->judge(order.text, drawing.pictures, *context_);
      app::write_picture(order.file, drawing.pictures[verdict.best]);
      progress.clear();
      print(fmt::format("{}\tpicture {} of {}\t{:.4f}\n", printable(order.file.string()),
                        verdict.best + 1, drawing.pictures.size(), verdict.scores[verdict.best]));
    } else {
      app::write_picture(order.file, app::sheet_of(drawing));
    }
  }

  const DrawOptions& options_;
  InterruptWatcher watcher_;  // before any thread is started
  std::optional<app::PictureJudge> judge_;
  std::optional<Context> context_;
  std::size_t failed_ = 0;
};

}  // namespace

ExitCode run_draw(Arguments arguments) {
  const auto options = parse_draw_options(arguments);
  if (!options) return ExitCode::ok;
  return DrawRun(*options).run();
}

}  // namespace blip::cli
