// expect_error: that a call throws blip::Error with a code, and a message of one line.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "blip/error.hpp"

namespace blip {

/// `part` must occur in the message.
template <typename Call>
void expect_error(ErrorCode code, const std::string& part, Call&& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown; expected: " << part;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.code(), code) << message;
    EXPECT_THAT(message, ::testing::HasSubstr(part));
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_LT(message.size(), 600U);
  }
}

}  // namespace blip
