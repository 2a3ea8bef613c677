// ImageLoader: decodes and prepares the next images while the model works on the last ones.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "blip/processor.hpp"
#include "cli/input/input_list.hpp"

namespace blip::cli {

/// An input ready for the model, or why it cannot be.
struct LoadedImage {
  Input input;
  BlipInputs inputs;  ///< of one image; empty if it failed
  std::string error;  ///< the cause, without the path
};

/// Hands images out in the order of the list, whichever thread finishes first. At most `window`
/// prepared images wait, and as many decoded ones exist at a time as there are threads.
class ImageLoader {
 public:
  /// Reads a picture and makes it what the model takes. Called from several threads at once.
  using Prepare = std::function<BlipInputs(const std::filesystem::path&)>;

  ImageLoader(InputList& inputs, Prepare prepare, int threads, std::size_t window);

  /// Waits for the next image; nothing after the last. Rethrows what reading the list threw.
  std::optional<LoadedImage> next();

 private:
  void work(const std::stop_token& stop);
  LoadedImage load(Input input) const;

  InputList& inputs_;
  Prepare prepare_;
  std::size_t window_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::optional<LoadedImage>> slots_;  // from the next to hand out; empty while loading
  std::size_t handed_out_ = 0;
  bool reading_list_ = false;  // one thread at a time asks for the next input
  bool exhausted_ = false;
  std::exception_ptr list_error_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace blip::cli
