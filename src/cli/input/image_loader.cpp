#include "cli/input/image_loader.hpp"

#include <new>
#include <utility>

namespace blip::cli {
namespace {

// Library messages begin with the file's name, which every record has in a place of its own.
std::string without_path(std::string message, const std::string& path) {
  const std::string prefix = path + ": ";
  if (message.starts_with(prefix)) message.erase(0, prefix.size());
  return message;
}

}  // namespace

ImageLoader::ImageLoader(InputList& inputs, Prepare prepare, int threads, std::size_t window)
    : inputs_(inputs), prepare_(std::move(prepare)), window_(window) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

std::optional<LoadedImage> ImageLoader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return slots_.empty() ? exhausted_ : slots_.front().has_value(); });
  if (slots_.empty()) {
    if (list_error_) std::rethrow_exception(list_error_);
    return std::nullopt;
  }
  std::optional<LoadedImage> image = std::move(slots_.front());
  slots_.pop_front();
  ++handed_out_;
  changed_.notify_all();
  return image;
}

void ImageLoader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool go = changed_.wait(
        lock, stop, [this] { return exhausted_ || (!reading_list_ && slots_.size() < window_); });
    if (!go || exhausted_) return;

    reading_list_ = true;
    lock.unlock();
    std::optional<Input> input;
    std::exception_ptr failure;
    try {
      input = inputs_.next(stop);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    reading_list_ = false;
    if (!input) {
      exhausted_ = true;
      list_error_ = failure;
      changed_.notify_all();
      return;
    }
    const std::size_t number = handed_out_ + slots_.size();
    slots_.emplace_back();
    changed_.notify_all();

    lock.unlock();
    LoadedImage image = load(std::move(*input));
    lock.lock();
    slots_[number - handed_out_] = std::move(image);
    changed_.notify_all();
  }
}

LoadedImage ImageLoader::load(Input input) const {
  LoadedImage image{.input = std::move(input), .inputs = {}, .error = {}};
  image.error = image.input.error;
  if (!image.error.empty()) return image;
  try {
    image.inputs = prepare_(image.input.path);
  } catch (const std::bad_alloc&) {
    image.error = "not enough memory to read this picture";
  } catch (const std::exception& error) {
    image.error = without_path(error.what(), image.input.path.string());
  }
  return image;
}

}  // namespace blip::cli
