// BlipGenerationSession: texts of many requests, generated together, each joining and leaving when
// it likes (continuous batching).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/generation.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// A request of one session; never used twice.
enum class RequestId : std::uint64_t {};

struct FinishedRequest {
  RequestId id{};
  std::vector<GeneratedSequence> sequences;  ///< num_return_sequences; none if it failed
  /// Why it failed: an Error, or what a callback threw. Null if it did not.
  std::exception_ptr error;
};

/// Made by a model's `start_session`, whose weights it keeps alive. The decoder runs once per step
/// for all requests, whatever their options are; a request's ids and scores are the same to the
/// last bit whichever others it shares steps with, and one that fails or is cancelled disturbs no
/// other. What a request has of memory is given back when it leaves.
///
/// One call at a time. The Context is used during a call only, and may be another every time.
class BlipGenerationSession {
 public:
  /// Adds a request, which takes part from the next step on. `text` is what the model's
  /// `generate_sequences` takes: a prompt, [CLS] … [SEP], or nothing for a captioning model; a
  /// question for a question-answering one. Throws what generate_sequences throws for bad
  /// arguments.
  ///
  /// Of the callbacks, `image` is 0 and `total` is 1. They must not call the session.
  RequestId add(const EncodedImage& image, const std::vector<TokenId>& text,
                const GenerationOptions& options, GenerationCallbacks callbacks, Context& context);

  /// Runs the decoder once for all requests. Requests that end, whose callbacks' stop was
  /// requested, or that fail, become finished. Throws only what concerns all of them, such as want
  /// of memory; the step may then be tried again.
  void step(Context& context);

  /// Forgets a request at once. False if there is no such request, or it is finished.
  bool cancel(RequestId id);

  /// What has finished since the last call, in the order in which it finished.
  [[nodiscard]] std::vector<FinishedRequest> take_finished();

  /// How many requests the next step has.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  // For the library's own rooms: src/tasks/session.hpp.
  struct State;
  explicit BlipGenerationSession(std::unique_ptr<State> state);
  BlipGenerationSession(BlipGenerationSession&&) noexcept;
  BlipGenerationSession& operator=(BlipGenerationSession&&) noexcept;
  ~BlipGenerationSession();

 private:
  std::unique_ptr<State> state_;
};

}  // namespace blip
