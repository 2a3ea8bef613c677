// OrderedPrefetcher: prepares the next items of a sequence on several threads while the caller
// works on the last ones, and hands the results out in the order of the sequence.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/start_threads.hpp"

namespace blip {

template <typename Item, typename Result>
class OrderedPrefetcher {
  // A worker that has finished must be able to put its result down.
  static_assert(std::is_nothrow_move_constructible_v<Item>);
  static_assert(std::is_nothrow_move_constructible_v<Result>);

 public:
  /// The next item; nothing after the last. Called by one thread at a time, not always the same.
  /// May wait, e.g. for a pipe; must then return nothing soon after the token is stopped.
  using Source = std::function<std::optional<Item>(const std::stop_token&)>;
  /// Makes the result of an item. Called by several threads at once.
  using Work = std::function<Result(Item)>;

  /// Starts `threads` threads, or as many as the system gives; without any, next() itself does the
  /// work. At most `window` items (at least 1) are begun and not yet handed out.
  OrderedPrefetcher(Source source, Work work, int threads, std::size_t window)
      : source_(std::move(source)),
        work_(std::move(work)),
        slots_(std::max<std::size_t>(window, 1)) {
    threads_ = start_threads(threads, [this](int) { return std::jthread([this] { run(); }); });
  }

  /// Waits until the items that are being worked on are done.
  ~OrderedPrefetcher() { stop(); }
  OrderedPrefetcher(const OrderedPrefetcher&) = delete;
  OrderedPrefetcher& operator=(const OrderedPrefetcher&) = delete;

  /// The next result, waiting for it if need be; nothing after the last or after stop(). Throws
  /// what `work` threw for this item, and the call after that gives the next item's result. What
  /// `source` threw ends the sequence: it is thrown after the last result, at every call. For one
  /// thread.
  std::optional<Result> next() {
    std::unique_lock lock(mutex_);
    return next(lock);
  }

  /// The same, but returns nothing as well if `source` has not given the next item after
  /// `patience`. An item that it has given is waited for, however long `work` takes.
  std::optional<Result> next_within(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto has_more = [this] { return is_stopped() || ended_ || handed_out_ != begun_; };
    if (!threads_.empty() && !item_is_there_.wait_for(lock, patience, has_more)) {
      return std::nullopt;
    }
    return next(lock);
  }

  /// Begins no more items; next() returns nothing from now on, also where it waits at the moment.
  /// May be called from any thread.
  void stop() {
    stop_.request_stop();
    {
      const std::lock_guard lock(mutex_);
    }  // whoever saw no stop waits by now, and hears the notice
    room_is_there_.notify_all();
    item_is_there_.notify_all();
    result_is_there_.notify_all();
  }

  /// How many there are, the caller's not counted.
  [[nodiscard]] std::size_t num_threads() const noexcept { return threads_.size(); }

 private:
  struct Slot {
    std::optional<Result> result;
    std::exception_ptr error;
    bool is_done = false;
  };

  [[nodiscard]] bool is_stopped() const noexcept { return stop_.stop_requested(); }

  std::optional<Result> next(std::unique_lock<std::mutex>& lock) {
    const bool has_none = handed_out_ == begun_ && !ended_ && !is_stopped();
    if (has_none && threads_.empty()) do_one(lock);
    result_is_there_.wait(lock, [this] {
      return is_stopped() || (handed_out_ == begun_ ? ended_ : front().is_done);
    });
    if (is_stopped()) return std::nullopt;
    if (handed_out_ == begun_) {
      if (source_error_) std::rethrow_exception(source_error_);
      return std::nullopt;
    }
    Slot slot = std::exchange(front(), {});
    ++handed_out_;
    lock.unlock();
    room_is_there_.notify_one();
    if (slot.error) std::rethrow_exception(slot.error);
    return std::move(slot.result);
  }

  // Of the item that is handed out next.
  Slot& front() { return slots_[handed_out_ % slots_.size()]; }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_is_there_.wait(lock, [this] {
        return is_stopped() || ended_ || (!is_reading_ && begun_ - handed_out_ < slots_.size());
      });
      if (is_stopped() || ended_) return;
      do_one(lock);
    }
  }

  // Reads an item and makes its result. The lock is held before and after.
  void do_one(std::unique_lock<std::mutex>& lock) {
    is_reading_ = true;
    lock.unlock();
    std::optional<Item> item;
    std::exception_ptr error;
    try {
      item = source_(stop_.get_token());
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    is_reading_ = false;
    if (!item) {
      ended_ = true;
      source_error_ = error;
      room_is_there_.notify_all();
      item_is_there_.notify_all();
      result_is_there_.notify_all();
      return;
    }
    Slot& slot = slots_[begun_ % slots_.size()];  // its own until it is done
    ++begun_;
    room_is_there_.notify_one();  // another thread may read
    item_is_there_.notify_one();
    if (is_stopped()) return;

    lock.unlock();
    std::optional<Result> result;
    try {
      result.emplace(work_(std::move(*item)));
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    slot.result = std::move(result);
    slot.error = error;
    slot.is_done = true;
    if (front().is_done) result_is_there_.notify_one();
  }

  Source source_;
  Work work_;

  std::mutex mutex_;
  std::condition_variable room_is_there_;    // for an item: what threads wait for
  std::condition_variable item_is_there_;    // that source_ gave, or there will be none
  std::condition_variable result_is_there_;  // or there will be none: what next() waits for
  std::vector<Slot> slots_;                  // a ring; item i has slot i modulo its size
  std::size_t begun_ = 0;                    // items that were read
  std::size_t handed_out_ = 0;
  bool is_reading_ = false;
  bool ended_ = false;  // there are no more items
  std::exception_ptr source_error_;
  std::stop_source stop_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace blip
