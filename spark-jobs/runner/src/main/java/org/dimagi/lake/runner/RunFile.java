package org.dimagi.lake.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * What to execute: written by the control plane before the driver is submitted, never changed.
 *
 * @param parallelism how many lanes run at once
 * @param result URI the result is written to
 */
record RunFile(String run, int parallelism, String result, List<Lane> lanes) {
  /** @param script URI of the lane's SQL, see {@link Script} */
  record Lane(String lane, String script) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  static RunFile read(RunTicket ticket, Configuration hadoop) {
    try {
      return JSON.readValue(HadoopText.read(ticket.runFile(), hadoop), RunFile.class).checked(ticket.run());
    } catch (IOException | IllegalArgumentException unreadable) {
      throw new UnusableInput("run file " + ticket.runFile() + " cannot be read", unreadable);
    }
  }

  private RunFile checked(String expectedRun) {
    if (!expectedRun.equals(run)) throw new UnusableInput("the run file is another run's: " + run);
    if (parallelism < 1) throw new UnusableInput("parallelism must be 1 or more");
    if (result == null || result.isBlank()) throw new UnusableInput("the run file names no result");
    if (lanes == null || lanes.isEmpty()) throw new UnusableInput("the run file has no lanes");
    Set<String> seen = new HashSet<>();
    for (Lane lane : lanes) {
      if (lane == null || lane.lane() == null || lane.script() == null) throw new UnusableInput("a lane lacks its id or script");
      if (!seen.add(lane.lane())) throw new UnusableInput("lane " + lane.lane() + " is named twice");
    }
    return this;
  }
}
