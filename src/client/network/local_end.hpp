// The local side of a flow, whatever it is made of.
#pragma once

#include <memory>

#include "io/stream/descriptor_stream.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::client {

class LocalEnd {
 public:
  virtual ~LocalEnd() = default;
  virtual void flush() = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual void finish_writing() = 0;
  virtual void abort() = 0;  // nobody is to take it for an orderly end
};

class SocketEnd final : public LocalEnd {
 public:
  // The accepted socket is this one's from now on. `output` is where its bytes come from.
  SocketEnd(io::EventLoop& loop, int fd, io::StreamHandler& handler, io::Output& output)
      : stream_(io::Stream::accept(loop, fd, {.tls = nullptr, .half_close = true}, handler)) {
    stream_->set_output(&output);
    stream_->pause_reading();
  }
  void flush() override { stream_->flush(); }
  void pause_reading() override { stream_->pause_reading(); }
  void resume_reading() override { stream_->resume_reading(); }
  void finish_writing() override { stream_->finish_writing(); }
  void abort() override { stream_->abort(); }

 private:
  std::unique_ptr<io::Stream> stream_;
};

class StdioEnd final : public LocalEnd {
 public:
  StdioEnd(io::EventLoop& loop, io::StreamHandler& handler, io::Output& output);
  void flush() override { stream_.flush(); }
  void pause_reading() override { stream_.pause_reading(); }
  void resume_reading() override { stream_.resume_reading(); }
  void finish_writing() override { stream_.finish_writing(); }
  void abort() override {}  // the exit status says it
  std::optional<int> failure() const { return stream_.failure(); }

 private:
  io::DescriptorStream stream_;
};

}  // namespace rap::client
