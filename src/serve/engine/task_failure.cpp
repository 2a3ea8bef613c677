#include "serve/engine/task_failure.hpp"

#include <new>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

template <typename KindOf>
TaskFailure failure_with(const std::exception_ptr& error, const KindOf& kind_of_code) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& failure) {
    return {kind_of_code(failure.code()), failure.what()};
  } catch (const std::bad_alloc&) {
    return {FailureKind::internal, "out of memory"};
  } catch (const std::exception& failure) {
    return {FailureKind::internal, failure.what()};
  } catch (...) {
    return {FailureKind::internal, "unknown error"};
  }
}

}  // namespace

TaskFailure file_was_cut() {
  return {FailureKind::internal, "the model's file was changed while it was used; try again later"};
}

TaskFailure failure_of_picture(const std::exception_ptr& error) {
  return failure_with(error, [](ErrorCode code) {
    return code == ErrorCode::limit_exceeded ? FailureKind::too_large : FailureKind::bad_image;
  });
}

TaskFailure failure_of_model(const std::exception_ptr& error) {
  return failure_with(error, [](ErrorCode code) {
    switch (code) {
      case ErrorCode::invalid_argument:
      case ErrorCode::limit_exceeded:
        return FailureKind::bad_request;
      case ErrorCode::unsupported:
        return FailureKind::not_supported;
      case ErrorCode::cancelled:
        return FailureKind::cancelled;
      default:
        return FailureKind::internal;
    }
  });
}

}  // namespace blip::serve
